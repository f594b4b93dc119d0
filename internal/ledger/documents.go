package ledger

import (
	"bytes"
	"encoding/json"
	"time"
)

// Metadata is what a product keeps with an object of ours, by its own names.
type Metadata map[string]any

// UnmarshalJSON reads numbers as [json.Number]: as float64 an id beyond 2^53 would
// come back as another one.
func (m *Metadata) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode((*map[string]any)(m))
}

// Attempt is one try to deliver; its names never change.
type Attempt struct {
	At       time.Time `json:"at"`
	Status   int       `json:"status"`
	Error    string    `json:"error,omitempty"`
	Response string    `json:"response,omitempty"`
	TookMS   int64     `json:"took_ms"`
}

// Leak is what was told of a leak, in mails and in the audit; its names never change.
type Leak struct {
	Secret      string `json:"secret,omitempty"`
	Effect      string `json:"effect"`
	URL         string `json:"url,omitempty"`
	Source      string `json:"source,omitempty"`
	Descendants int    `json:"descendants"`
}
