// Package reference tells what the API is, from the table of its calls: as OpenAPI
// documents for machines, and as pages for people. Its laws:
//
//   - Nothing is told by hand that the table says. Types are described by
//     reflection, in the words of their own comments (words.json), and shown with
//     calls that the tests send (examples.json).
//   - What is told is the same for every reader, made once, and holds nothing of
//     any tenant.
//   - The document is OpenAPI 3.1. The one in 3.0 says the same in fewer words, for
//     generators that read no other.
package reference
