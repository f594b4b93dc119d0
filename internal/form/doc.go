// Package form is what people type into pages: the objects of the API as forms, and
// forms as what the API takes.
//
// Laws of this package:
//
//   - It is pure. A form is a value; nothing here asks who sends it, or decides
//     whether they may: what comes out is a request like any other.
//   - What nobody touched is not sent. A form that edits an object carries what it was
//     drawn from, and only what differs from that becomes part of a change.
//   - Of a form that was refused, nothing that was typed is lost.
//   - An object that is drawn and sent back untouched changes nothing.
package form
