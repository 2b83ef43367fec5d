// Package watch says how a run stands, from what servers, state and audit trail
// know of it: parts go in, a Snapshot comes out, and of a Snapshot the lines of a
// screen. It asks nobody anything and knows no clock; package coordinator gathers
// the parts, and watch/terminal draws the screen.
package watch
