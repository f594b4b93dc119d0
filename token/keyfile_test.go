package token_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tokenry/tokenry/token"
)

// Keys for files written by hand, in letters that no English error contains.
var (
	keyA = base64.StdEncoding.EncodeToString([]byte(rawA))
	keyB = base64.StdEncoding.EncodeToString([]byte(rawB))
)

const (
	rawA      = "Qx7Zk0Vj3Wq9Xz5Jv8Kq2Zx6Wj4Vk1Qz"
	rawB      = "Zv2Kx9Wq5Jz8Vk3Xq7Wz1Kj6Qv4Xz0Jw"
	createdAt = "2026-01-02T12:00:00Z"
)

func entry(id int, key string) string {
	return fmt.Sprintf(`{"id":%d,"created_at":%q,"key":%q}`, id, createdAt, key)
}

func file(current int, entries ...string) string {
	return fmt.Sprintf(`{"current":%d,"keys":[%s]}`, current, strings.Join(entries, ","))
}

func TestTheKeyringFileGolden(t *testing.T) {
	t.Parallel()
	ring, err := token.ParseKeyring([]byte(file(2, entry(2, keyB), entry(1, keyA))))
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "current": 2,
  "keys": [
    {
      "id": 1,
      "created_at": "2026-01-02T12:00:00Z",
      "key": "` + keyA + `"
    },
    {
      "id": 2,
      "created_at": "2026-01-02T12:00:00Z",
      "key": "` + keyB + `"
    }
  ]
}
`
	if got := string(ring.Marshal()); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestAKeyringSurvivesItsFile(t *testing.T) {
	t.Parallel()
	ring := rotate(t, rotate(t, newRing(t)))
	again, err := token.ParseKeyring(ring.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Marshal(), ring.Marshal()) || !cmp.Equal(again.Keys(), ring.Keys()) {
		t.Error("the keyring read back is another")
	}
	for _, id := range ring.IDs() {
		was, _ := ring.DigestWith(id, "x")
		if is, ok := again.DigestWith(id, "x"); !ok || !is.Equal(was) {
			t.Errorf("key %d digests differently", id)
		}
	}
}

// An older key may be current, after a rotation was taken back.
func TestTheCurrentKeyNeedNotBeTheLast(t *testing.T) {
	t.Parallel()
	ring, err := token.ParseKeyring([]byte(file(1, entry(1, keyA), entry(5, keyB))))
	if err != nil || ring.Current() != 1 {
		t.Fatalf("current %v, %v", ring, err)
	}
	if next := rotate(t, ring); next.Current() != 6 {
		t.Errorf("rotated to %d", next.Current())
	}
}

func TestKeyringFilesThatAreRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"one key":           file(1, entry(1, keyA)),
		"white space":       "\n\t " + file(1, entry(1, keyA)) + " \r\n",
		"other order":       `{"keys":[{"key":"` + keyA + `","created_at":"` + createdAt + `","id":1}],"current":1}`,
		"largest ID":        file(4294967295, entry(4294967295, keyA)),
		"time with offset":  strings.ReplaceAll(file(1, entry(1, keyA)), createdAt, "2026-01-02T14:00:00+02:00"),
		"time with seconds": strings.ReplaceAll(file(1, entry(1, keyA)), createdAt, "2026-01-02T12:00:00.000000Z"),
	} {
		ring, err := token.ParseKeyring([]byte(text))
		if err != nil || !ring.Keys()[0].CreatedAt.Equal(noon) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// refusedFiles are keyring files that are not read, with a word of the reason.
func refusedFiles() map[string]struct{ text, reason string } {
	good := entry(1, keyA)
	with := func(part, other string) string { return file(1, strings.Replace(good, part, other, 1)) }
	zeros := base64.StdEncoding.EncodeToString(make([]byte, 32))
	return map[string]struct{ text, reason string }{
		"nothing":               {"", "not a JSON object"},
		"no JSON":               {keyA, "not a JSON object"},
		"null":                  {"null", "not a JSON object"},
		"a list":                {"[" + good + "]", "not a JSON object"},
		"byte order mark":       {"\ufeff" + file(1, good), "not a JSON object"},
		"redacted":              {`"[redacted]"`, "not a JSON object"},
		"cut":                   {file(1, good)[:90], "cannot be read"},
		"cut at the end":        {strings.TrimSuffix(file(1, good), "}"), "not valid JSON"},
		"something after":       {file(1, good) + "x", "follows"},
		"twice":                 {file(1, good) + file(1, good), "follows"},
		"trailing comma":        {`{"current":1,}`, "not valid JSON"},
		"empty":                 {"{}", "current is missing"},
		"no keys":               {`{"current":1}`, "keys is missing"},
		"no current":            {`{"keys":[` + good + `]}`, "current is missing"},
		"empty keys":            {file(1), "current key is not among"},
		"null keys":             {`{"current":1,"keys":null}`, "current key is not among"},
		"null current":          {`{"current":null,"keys":[` + good + `]}`, "current key is not among"},
		"null entry":            {file(1, "null"), "not a JSON object"},
		"current elsewhere":     {file(2, good), "current key is not among"},
		"current zero":          {file(0, good), "current key is not among"},
		"current a string":      {`{"current":"1","keys":[` + good + `]}`, "current cannot be read"},
		"current a fraction":    {`{"current":1.5,"keys":[` + good + `]}`, "current cannot be read"},
		"current negative":      {file(-1, good), "current cannot be read"},
		"current too large":     {file(4294967296, good), "current cannot be read"},
		"keys no list":          {`{"current":1,"keys":{"a":` + good + `}}`, "keys cannot be read"},
		"unknown member":        {`{"current":1,"keys":[],"x":1}`, "unknown or repeated"},
		"unknown in entry":      {with(`"id"`, `"x":1,"id"`), "unknown or repeated"},
		"other case":            {`{"Current":1,"keys":[` + good + `]}`, "unknown or repeated"},
		"other case in entry":   {with(`"key"`, `"KEY"`), "unknown or repeated"},
		"repeated member":       {`{"current":1,"current":1,"keys":[` + good + `]}`, "unknown or repeated"},
		"repeated in entry":     {with(`"id":1`, `"id":1,"id":1`), "unknown or repeated"},
		"no id":                 {with(`"id":1,`, ``), "id is missing"},
		"no time":               {with(`"created_at":"`+createdAt+`",`, ``), "created_at is missing"},
		"no key":                {with(`,"key":"`+keyA+`"`, ``), "key is missing"},
		"id zero":               {file(0, entry(0, keyA)), "ID above 0"},
		"id null":               {with(`"id":1`, `"id":null`), "ID above 0"},
		"repeated id":           {file(1, good, entry(1, keyB)), "ID 1 is repeated"},
		"repeated key":          {file(1, good, entry(2, keyA)), "keys 1 and 2 are the same"},
		"key empty":             {with(keyA, ""), "32 bytes"},
		"key null":              {with(`"`+keyA+`"`, "null"), "32 bytes"},
		"key a number":          {with(`"`+keyA+`"`, "12345678"), "key cannot be read"},
		"key short":             {with(keyA, base64.StdEncoding.EncodeToString(make([]byte, 31))), "32 bytes"},
		"key long":              {with(keyA, base64.StdEncoding.EncodeToString(make([]byte, 33))), "32 bytes"},
		"key of 64 bytes":       {with(keyA, base64.StdEncoding.EncodeToString(make([]byte, 64))), "32 bytes"},
		"key without padding":   {with(keyA, strings.TrimRight(keyA, "=")), "32 bytes"},
		"key in hexadecimal":    {with(keyA, strings.Repeat("ab", 32)), "32 bytes"},
		"key in base64url":      {with(keyA, strings.Repeat("_", 43)+"="), "32 bytes"},
		"key with line break":   {with(keyA, keyA[:20]+`\n`+keyA[20:]), "32 bytes"},
		"key with space":        {with(keyA, keyA+" "), "32 bytes"},
		"key with loose bits":   {with(keyA, keyA[:42]+"R="), "32 bytes"},
		"key of zeros":          {with(keyA, zeros), "all zeros"},
		"time empty":            {with(createdAt, ""), "created_at cannot be read"},
		"time null":             {with(`"`+createdAt+`"`, "null"), "no usable created_at"},
		"time without zone":     {with(createdAt, "2026-01-02T12:00:00"), "created_at cannot be read"},
		"time a date":           {with(createdAt, "2026-01-02"), "created_at cannot be read"},
		"time a number":         {with(`"`+createdAt+`"`, "1767355200"), "created_at cannot be read"},
		"time zero":             {with(createdAt, "0001-01-01T00:00:00Z"), "no usable created_at"},
		"time in the year 10k":  {with(createdAt, "9999-12-31T23:59:59-01:00"), "no usable created_at"},
		"key and time exchange": {strings.NewReplacer(keyA, createdAt, createdAt, keyA).Replace(file(1, good)), "created_at cannot be read"},
		"key as the name":       {`{"` + keyA + `":1}`, "unknown or repeated"},
		"key as the id":         {with(`"id":1`, `"id":"`+keyA+`"`), "id cannot be read"},
		"key bare":              {with(`"`+keyA+`"`, keyA), "cannot be read"},
	}
}

func TestKeyringFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range refusedFiles() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ring, err := token.ParseKeyring([]byte(tt.text))
			if err == nil || ring != nil {
				t.Fatal("was read")
			}
			if !strings.HasPrefix(err.Error(), "token: keyring: ") || !strings.Contains(err.Error(), tt.reason) {
				t.Errorf("refused with %q, want %q", err, tt.reason)
			}
		})
	}
}

// No four characters of a key, in whatever wrong place it stands.
func TestErrorsShowNothingOfAKey(t *testing.T) {
	t.Parallel()
	for name, tt := range refusedFiles() {
		_, err := token.ParseKeyring([]byte(tt.text))
		for _, key := range []string{keyA, keyB, rawA, rawB} {
			for i := range len(key) - 3 {
				if strings.Contains(err.Error(), key[i:i+4]) {
					t.Errorf("%s: the error %q shows %q", name, err, key[i:i+4])
				}
			}
		}
	}
}
