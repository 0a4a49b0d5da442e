package cnitest

import "testing"

// Must ends the test where what it needs did not work.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
