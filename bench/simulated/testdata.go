package simulated

import _ "embed"

//go:embed testdata/recording.json
var recording267 []byte

// Recorded267 is what a node of 26.7 answered to all that is measured; testdata/README.md
// says how it came to be.
func Recorded267() (Recording, error) { return Parse(recording267) }
