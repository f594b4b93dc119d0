package api

import "time"

// Hashes that an imported token string may be known by.
const (
	HashSHA256     = "sha256"
	HashSHA512     = "sha512"
	HashSHA3512    = "sha3-512"
	HashHMACSHA256 = "hmac-sha256"
	HashHMACSHA512 = "hmac-sha512"
	HashPBKDF2     = "pbkdf2-sha256"
	HashBcrypt     = "bcrypt"
	HashArgon2id   = "argon2id"
	HashScrypt     = "scrypt"
)

// Alphabets that the characters of an imported token string behind its prefix are of.
const (
	AlphabetHex       = "hex"
	AlphabetBase58    = "base58"
	AlphabetBase62    = "base62"
	AlphabetBase64URL = "base64url"
	AlphabetPrintable = "printable"
)

// Ways in which what is hashed of an imported token string is decoded before.
const (
	DecodeNone          = ""
	DecodeHex           = "hex"
	DecodeGrafanaAPIKey = "grafana-api-key"
)

// Places that the salt of a hash is taken from.
const (
	SaltNone  = ""
	SaltItem  = "item"
	SaltToken = "token"
)

// ImportFormat says how the token strings of another system look and what that system
// kept of them, so that they can be told from the hash it kept. A format belongs to the
// instance; its name stands for what it says for as long as it is there.
type ImportFormat struct {
	// Name is [a-z0-9-], 1 to 40 characters.
	Name string `json:"name"`
	// Prefix is what every string begins with; it may be empty.
	Prefix string `json:"prefix"`
	// MinLength and MaxLength bound the whole string, prefix included, in characters: 16 to 512.
	MinLength int `json:"min_length"`
	MaxLength int `json:"max_length"`
	// Alphabet is what the characters behind the prefix are of: hex, base58, base62,
	// base64url or printable.
	Alphabet string `json:"alphabet"`
	// Part is what is hashed of the string; left out, all of it.
	Part *Part `json:"part,omitempty"`
	// Decode is what is done to that part before it is hashed: nothing, hex, or
	// grafana-api-key (base64 of a JSON object, whose k is hashed with its n as salt).
	Decode string `json:"decode_as,omitempty"`
	// Hash is one of sha256, sha512, sha3-512, hmac-sha256, hmac-sha512, pbkdf2-sha256,
	// bcrypt, argon2id and scrypt.
	Hash string `json:"hash"`
	// Key is of an HMAC. It is kept sealed and never answered.
	Key string `json:"key,omitempty"`
	// Suffix is what the system appends to what it hashes, such as a secret of its own. It
	// is kept sealed and never answered.
	Suffix string `json:"suffix,omitempty"`
	// Iterations and Length (bytes) are of pbkdf2-sha256.
	Iterations int `json:"iterations,omitempty"`
	Length     int `json:"length,omitempty"`
	// Salt says where that of pbkdf2-sha256 comes from: item, a column beside each hash;
	// token, the string itself (SaltPart). The hashes that hold theirs in their text, as
	// bcrypt's, take none.
	Salt     string `json:"salt,omitempty"`
	SaltPart *Part  `json:"salt_part,omitempty"`
	// Hint is a part of the string that the other system kept in the clear, by which a hash
	// with a salt of its own is found. It must be long enough to tell tokens apart.
	Hint *Part `json:"hint,omitempty"`
}

// Part is a part of a string: the Take characters behind the first Skip, or, with
// FromEnd, those before the last Skip. A Take of 0 is all of them.
type Part struct {
	Skip    int  `json:"skip,omitempty"`
	Take    int  `json:"take,omitempty"`
	FromEnd bool `json:"from_end,omitempty"`
}

// ImportTokens makes tokens of strings that another system gave out, so that those
// strings go on working. It may be sent again: what is there already is left as it is.
type ImportTokens struct {
	Format ImportFormat  `json:"format"`
	Tokens []ImportToken `json:"tokens"`
	// DryRun only answers what would become of each.
	DryRun bool `json:"dry_run,omitempty"`
}

// ImportToken is one token of another system: what that kept of its string, and the
// token it becomes.
type ImportToken struct {
	// Hash is what the other system kept, in hex, base64 or base64url, or as the text that
	// bcrypt, argon2id and scrypt write ($2b$…, $argon2id$…, $scrypt$…).
	Hash string `json:"hash"`
	// Salt is the one beside the hash, as text, where the format takes one there.
	Salt string `json:"salt,omitempty"`
	// Hint is the part of the string that the format names, where it names one.
	Hint string `json:"hint,omitempty"`
	// Start is the beginning of the string, if it is known, for people to recognise it by: at
	// most 16 characters. It is shown as far as enough of the shortest string stays hidden.
	Start string `json:"start,omitempty"`
	// CreatedAt is when the other system made it; left out, now.
	CreatedAt Opt[time.Time] `json:"created_at,omitzero" nullable:"false"`
	CreateToken
}

// Outcomes of one token of an import.
const (
	ImportMade    = "imported"
	ImportThere   = "exists"
	ImportRefused = "refused"
)

// ImportResult is what became of one token of an import, in the order of the request.
type ImportResult struct {
	// Status is imported, exists (that string is a token here already) or refused.
	Status string `json:"status"`
	// TokenID is left out of what was refused.
	TokenID string `json:"token_id,omitempty"`
	// Code, Detail and Field say why it was refused.
	Code   Code   `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	Field  string `json:"field,omitempty"`
}

// ImportResults answers an import.
type ImportResults struct {
	Format  string         `json:"format"`
	DryRun  bool           `json:"dry_run"`
	Results []ImportResult `json:"results"`
}

// ImportedFormat is a format that strings are recognised by.
type ImportedFormat struct {
	ImportFormat
	// Slow says that its hash is slow on purpose, so that the first use of a string takes
	// longer than those after it.
	Slow      bool      `json:"slow"`
	CreatedAt time.Time `json:"created_at"`
}

// Imported tells of a token that another system gave out, for as long as the string of
// that system is one of its secrets.
type Imported struct {
	Format string `json:"format"`
	// Start is the beginning of its string, or empty.
	Start string `json:"start"`
}
