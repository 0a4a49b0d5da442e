// Package netconf reads and extends CNI network configurations. A configuration
// is data from outside: it is parsed strictly, kept as it was written, and handed
// to the plugins with nothing added or lost but what the CNI specification says.
//
// Kept as written means that the order of keys, numbers of any size and all text
// survive. Two things are normalised, neither of which a JSON parser can see: white
// space between tokens goes, and the five characters that encoding/json likes to
// escape ("<", ">", "&", U+2028 and U+2029) stand for themselves. That is what lets
// a List pass through any encoder and come back identical to the byte.
//
// Most plugins are written in Go and read their input with encoding/json, which
// folds the case of keys and takes the last of several. A key that is checked or
// inserted here is therefore looked for in every spelling, and a key that is there
// twice is refused.
package netconf
