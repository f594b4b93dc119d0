// Package console is the web pages of Tokenry, for people who signed in.
//
// Laws of this package:
//
//   - A page shows what its reader may do and leaves out the rest; it asks the
//     authority what that is, and decides nothing. Whom a page lets in stands in its
//     row of the table.
//   - A page is drawn from one snapshot at one moment, and sent afterwards.
//   - A session cookie opens pages and an API token does not, in no form.
//   - Nothing changes by GET; a change is a POST from a page of this origin.
//   - Every form works without JavaScript. What scripts add is comfort.
//   - The only answer that holds a secret is that of the POST that made it. It is
//     never stored, never in an address, and asking again does not show it.
//   - No page holds an inline script or style, and nothing comes from elsewhere.
//   - What people typed is text: escaped, isolated from the direction of its
//     surroundings, and cut where it is too long.
package console

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.1001 generate
