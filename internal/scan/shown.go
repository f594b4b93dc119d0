package scan

import "github.com/tokenry/tokenry/token"

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Shown is a find as it is reported: everything of it but the secret.
type Shown struct {
	Path    string     `json:"path"`
	Line    int        `json:"line,omitempty"`
	Column  int        `json:"column,omitempty"`
	Commit  string     `json:"commit,omitempty"`
	Masked  string     `json:"masked"`
	Prefix  string     `json:"prefix"`
	Kind    token.Kind `json:"kind"`
	Locator string     `json:"locator"`
	// State is what a server says of the token, in a word; empty when none was asked.
	State string `json:"state,omitempty"`
}

// Shown is what may be shown of a find.
func (f Find) Shown() Shown {
	return Shown{
		Path: f.Path, Line: f.Line, Column: f.Column, Commit: f.Commit, Masked: f.Mask(),
		Prefix: string(f.Prefix), Kind: f.Kind, Locator: f.Locator.String(),
	}
}
