package ledger

// Back is what a change brings back to a token, or adds: life, reach, speed or
// power that it did not have a moment before. What a change takes away is what
// undoing it would bring back. It is stored as a number: its bits are never
// renumbered.
type Back uint16

// What can be brought back.
const (
	BackEnabled  Back = 1 << iota // it was disabled
	BackUnending                  // its scheduled end is gone, or later
	BackWider                     // it may be used from more addresses
	BackFaster                    // its limit lets more through
	BackSooner                    // it begins earlier
	BackLonger                    // it expires later
	BackReadable                  // its secrets will be kept, so that they can be shown again
	BackMightier                  // its statements say more
)
