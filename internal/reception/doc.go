// Package reception is how a visit to a page goes, whatever the page is about: who comes and
// from where, whether they are let in, from which snapshot the page is drawn, and how what
// was drawn, refused or written into a file is answered.
//
// Laws of this package:
//
//   - Whom a page lets in is a value beside its address; the page is not asked.
//   - What is not let in learns no more than that: a page of others is a page that is not there.
//   - A page is drawn whole, from one snapshot at one moment, and sent afterwards; what
//     fails half way is an error, and half a file never looks whole.
//   - A session cookie opens pages and an API token does not. Nothing changes for another
//     site, and an answer whose length another site could learn from is not compressed.
//   - A change is of the object as its form was drawn, and is made once for one form that
//     makes a secret.
//   - What goes wrong inside is told to the log alone.
//
// It knows no page: how one looks is asked of a [House].
package reception
