// Build builds the programs of test/thirdparty that are not there in their
// version; with --missing it builds nothing and prints their names. One that
// cannot be built does not keep the others from it, and makes the exit status 1.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/multus-cni/multus/test/thirdparty"
)

func main() {
	status := 0
	for _, p := range thirdparty.Missing() {
		if len(os.Args) > 1 && os.Args[1] == "--missing" {
			fmt.Println(p.Name)
			continue
		}
		begin := time.Now()
		if err := p.Build("test/thirdparty"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
			continue
		}
		fmt.Printf("%s %s, %.0f s\n", p.Name, p.Version, time.Since(begin).Seconds())
	}
	os.Exit(status)
}
