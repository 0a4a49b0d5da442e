package deployments_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheOneCapability: with it multus installs itself into directories that somebody
// made another user's; without any it cannot, and says so.
func TestTheOneCapability(t *testing.T) {
	setpriv, err := exec.LookPath("setpriv")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and setpriv")
	}
	binary := filepath.Join(t.TempDir(), "multus")
	build := exec.Command("go", "build", "-o", binary, "./cmd/multus")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for caps, able := range map[string]bool{"-all": false, "-all,+dac_override": true} {
		conf, bin := foreign(t), foreign(t)
		must(t, os.WriteFile(filepath.Join(conf, "10-net.conflist"), []byte(`{"cniVersion":"1.0.0","name":"net","plugins":[{"type":"bridge"}]}`), 0o644))
		cmd := exec.Command(setpriv, "--bounding-set", caps, "--inh-caps=-all", binary, "install", "--once", "--cni-conf-dir", conf, "--cni-bin-dir", bin)
		cmd.Env = []string{"PATH=/usr/bin:/bin"}
		out, err := cmd.CombinedOutput()
		_, missing := os.Stat(filepath.Join(conf, "00-multus.conflist"))
		if (err == nil) != able || (missing == nil) != able {
			t.Errorf("with %s: %v, installed: %t, want %t\n%s", caps, err, missing == nil, able, out)
		}
	}
}

// foreign is a directory that only another user may write.
func foreign(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chown(dir, 1000, 1000))
	must(t, os.Chmod(dir, 0o755))
	return dir
}
