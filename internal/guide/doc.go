// Package guide is the help that stands under /help, rendered from docs/guide.
//
// Laws of this package:
//
//   - It is rendered once, when a server starts. A link or a picture that leads nowhere
//     is an error then, and not a page with a hole.
//   - It says the same to everybody; the one thing that is filled in is [Origin].
package guide
