// Timed carries out the order on its standard input and prints what it cost,
// both as JSON: see package timing. It is a program of its own because it is small.
package main

import (
	"encoding/json"
	"os"

	"github.com/multus-cni/multus/test/bench/timing"
)

func main() {
	if err := run(); err != nil {
		_, _ = os.Stderr.WriteString("timed: " + err.Error() + "\n") // there is nowhere else to complain
		os.Exit(1)
	}
}

func run() error {
	var order timing.Order
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return err
	}
	cost, err := order.Execute()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(cost)
}
