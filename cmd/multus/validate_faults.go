package main

import (
	"errors"
	"fmt"
	"strings"
)

// separate are the faults that an error joins, one by one; none where it is nil.
func separate(err error) []error {
	if err == nil {
		return nil
	}
	parts := parts(err)
	if !collects(err, parts) {
		return []error{err}
	}
	var all []error
	for _, part := range parts {
		all = append(all, separate(part)...)
	}
	return all
}

func parts(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return nil
}

// collects tells an error that says nothing but what its parts say from one that
// has words of its own about them.
func collects(err error, parts []error) bool {
	if len(parts) == 0 {
		return false
	}
	counted := strings.HasPrefix(err.Error(), fmt.Sprintf("%d faults: (1) ", len(parts)))
	return counted || err.Error() == errors.Join(parts...).Error()
}

// flat is an error's text without line breaks, for lists with a line for each.
func flat(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "; ")
}
