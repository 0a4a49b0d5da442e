// Package doctor says what is wrong with a node that runs multus, and what to do
// about it. Each check is bounded in time and stands for itself, so that one that
// fails or hangs hides none of the others. Nothing is changed unless Node.Fix asks
// for it, and then only what cannot do harm.
//
// docs/doctor.md has a paragraph for each check, and a test that it has.
package doctor
