// Package plan decides which networks a pod gets.
package plan
