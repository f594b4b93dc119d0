package door

import "strings"

// Lined is a writer that also takes fields as they go over the wire, from [AppendField]. A
// field stands there or in the header, and in one alone. To put what a verification
// answers into a map, and copy, sort and write it from there, took longer than to verify.
type Lined interface {
	// Lines are the fields, appended to before the answer begins.
	Lines() *[]byte
}

// AppendField appends a header field as it goes over the wire. What would end its line
// becomes a blank, as in net/http.
func AppendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	from := len(b)
	b = append(b, value...)
	if strings.IndexByte(value, '\n') >= 0 || strings.IndexByte(value, '\r') >= 0 {
		for i, c := range b[from:] {
			if c == '\n' || c == '\r' {
				b[from+i] = ' '
			}
		}
	}
	return append(b, "\r\n"...)
}
