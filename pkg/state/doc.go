// Package state remembers, for each sandbox, what ADD set out to do and how far
// it got, so that DEL undoes exactly that.
package state
