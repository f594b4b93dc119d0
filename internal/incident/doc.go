// Package incident tells of tokens that leaked: whose they are, what was done with them
// lately and by whom, what they made, and what was done about them. It is pure, so that
// the command line and the console tell the same.
//
// A report holds no secret and nothing of the text that the tokens were found in: it is
// made of what the server answered about them.
package incident
