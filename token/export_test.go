package token

// What the tests look at from the inside.
var (
	AppendBlocks = appendBlocks
	Blocks       = blocks
)
