package token

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// ParseKeyring reads a keyring as Marshal writes it:
//
//	{"current": 1, "keys": [{"id": 1, "created_at": "2026-01-02T15:04:05Z", "key": "<32 bytes in base64>"}]}
//
// It is strict, because a keyring misread is a keyring lost: every member must
// be there once and by its exact name, and no others; IDs are above 0 and
// different; keys are 32 bytes, different, and not all zeros; current names one
// of them. The errors name members and IDs and never show contents.
func ParseKeyring(b []byte) (*Keyring, error) {
	var current KeyID
	var entries []json.RawMessage
	if err := decodeExactly(b, member{"current", &current}, member{"keys", &entries}); err != nil {
		return nil, fmt.Errorf("token: keyring: %w", err)
	}
	keys := make([]*masterKey, len(entries))
	for i, entry := range entries {
		key, err := parseKey(entry)
		if err != nil {
			return nil, fmt.Errorf("token: keyring: entry %d of keys: %w", i+1, err)
		}
		keys[i] = key
	}
	slices.SortFunc(keys, func(a, b *masterKey) int { return cmp.Compare(a.id, b.id) })
	return newKeyring(keys, current)
}

func parseKey(b []byte) (*masterKey, error) {
	var id KeyID
	var createdAt time.Time
	var encoded string
	err := decodeExactly(b, member{"id", &id}, member{"created_at", &createdAt}, member{"key", &encoded})
	if err != nil {
		return nil, err
	}
	// The length is that of the text, because base64 skips line breaks.
	master, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(encoded) != base64.StdEncoding.EncodedLen(keyLength) || len(master) != keyLength {
		return nil, errors.New("key is not 32 bytes in standard base64")
	}
	return newMasterKey(id, createdAt.UTC(), [keyLength]byte(master))
}

// Marshal returns the keyring, keys included, as ParseKeyring reads it. The
// same keyring gives the same bytes. They belong into a file of mode 0600 and
// nowhere else.
func (k *Keyring) Marshal() []byte {
	var b bytes.Buffer
	r := k.ring()
	var current KeyID // its own, whatever it follows
	if r.current != nil {
		current = r.current.id
	}
	fmt.Fprintf(&b, "{\n  \"current\": %d,\n  \"keys\": [", current)
	for i, key := range r.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n    {\n      \"id\": %d,\n      \"created_at\": %q,\n      \"key\": %q\n    }",
			key.id, key.createdAt.Format(time.RFC3339Nano), base64.StdEncoding.EncodeToString(key.master[:]))
	}
	b.WriteString("\n  ]\n}\n")
	return b.Bytes()
}

// member is one that a JSON object must have, and where its value goes.
type member struct {
	name string
	into any
}

// decodeExactly reads b as one JSON object that has these members, each once.
// encoding/json alone would accept repeats, omissions and other cases of the
// names; and its errors, which show pieces of the input, stay here.
func decodeExactly(b []byte, members ...member) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	missing := slices.Clone(members)
	for dec.More() {
		var err error
		if missing, err = decodeOne(dec, missing); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return errNotJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	if len(missing) > 0 {
		return fmt.Errorf("the member %s is missing", missing[0].name)
	}
	return nil
}

var errNotJSON = errors.New("not valid JSON")

// decodeOne reads the next member and returns those that are still missing.
func decodeOne(dec *json.Decoder, missing []member) ([]member, error) {
	name, err := dec.Token()
	if err != nil {
		return nil, errNotJSON
	}
	i := slices.IndexFunc(missing, func(m member) bool { return m.name == name })
	if i < 0 {
		return nil, errors.New("a member is unknown or repeated")
	}
	if err := dec.Decode(missing[i].into); err != nil {
		return nil, fmt.Errorf("the member %s cannot be read", missing[i].name)
	}
	return slices.Delete(missing, i, i+1), nil
}
