// Package netconf reads and extends CNI network configurations. A configuration
// is data from outside: it is parsed strictly, kept to the byte, and handed to
// the plugins with nothing added or lost but what the CNI specification says.
package netconf
