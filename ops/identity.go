package ops

// Identity is what of an operation a checksum sees: all of it, unless it has
// parts that change nothing, as the comments of a RunBlock.
func Identity(op Operation) Operation {
	if o, ok := op.(interface{ identity() Operation }); ok {
		return o.identity()
	}
	return op
}
