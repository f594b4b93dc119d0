package signin

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/tokenry/tokenry/api"
)

// What new hashes are made with: 19 MiB, two passes, one lane (the first choice
// of OWASP's password storage cheat sheet). Hashes made otherwise keep verifying.
const (
	memoryKiB  = 19 * 1024
	passes     = 2
	lanes      = 1
	saltLength = 16
	hashLength = 32
)

// atOnce is how many hashes are computed at the same time.
const atOnce = 2

// Passwords hashes and checks passwords. It may be used by any number of
// goroutines.
type Passwords struct {
	rand  io.Reader
	turns chan struct{}
	decoy phc
	// checked counts the hashes that checks computed.
	checked atomic.Int64
}

// NewPasswords makes a Passwords. In production rand is crypto/rand.Reader.
func NewPasswords(rand io.Reader) *Passwords {
	return &Passwords{
		rand: rand, turns: make(chan struct{}, atOnce),
		decoy: phc{memory: memoryKiB, passes: passes, lanes: lanes, salt: make([]byte, saltLength), hash: make([]byte, hashLength)},
	}
}

// Hash returns what is stored of a new password, or an [api.Error] about the
// field password that says why it is not acceptable.
func (p *Passwords) Hash(password string) (string, error) { return p.hash(password, minCharacters) }

func (p *Passwords) hash(password string, least int) (string, error) {
	password, err := acceptable(password, least)
	if err != nil {
		return "", err
	}
	h := p.decoy // of today's parameters
	h.salt = make([]byte, saltLength)
	if _, err := io.ReadFull(p.rand, h.salt); err != nil {
		return "", fmt.Errorf("signin: read randomness: %w", err)
	}
	p.turns <- struct{}{}
	defer func() { <-p.turns }()
	h.hash = h.compute(password, hashLength)
	return h.String(), nil
}

// Check says whether a password is the one whose hash was stored. Without a
// hash (no such user, or one without a password) the answer is false and takes
// as long. An error means that there is no answer: ctx ended before it was our
// turn, or the stored hash cannot be read.
func (p *Passwords) Check(ctx context.Context, stored, password string) (bool, error) {
	h := p.decoy
	if stored != "" {
		var err error
		if h, err = parsePHC(stored); err != nil {
			return false, err
		}
	}
	if len(password) > maxBytes {
		password = "" // nobody's; it costs as much as any other
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	p.checked.Add(1)
	got := h.compute(norm.NFC.String(password), len(h.hash))
	same := subtle.ConstantTimeCompare(got, h.hash) == 1
	return same && stored != "" && password != "", nil
}

// phc is a hash with what it was made with.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, hash     []byte
}

func (h *phc) compute(password string, length int) []byte {
	return argon2.IDKey([]byte(password), h.salt, h.passes, h.memory, h.lanes, uint32(length))
}

// String writes $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func (h *phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.lanes,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.hash))
}

var errStored = errors.New("signin: the stored hash of a password cannot be read")

// The largest parameters that a stored hash may ask for, so that a damaged row
// cannot take the machine's memory.
const (
	maxMemoryKiB = 1 << 20
	maxPasses    = 16
	maxLanes     = 16
)

func parsePHC(s string) (phc, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errStored
	}
	var h phc
	numbers := strings.Split(parts[3], ",")
	if len(numbers) != 3 {
		return phc{}, errStored
	}
	memory, ok1 := number(numbers[0], "m=", maxMemoryKiB)
	passes, ok2 := number(numbers[1], "t=", maxPasses)
	lanes, ok3 := number(numbers[2], "p=", maxLanes)
	if !ok1 || !ok2 || !ok3 {
		return phc{}, errStored
	}
	h.memory, h.passes, h.lanes = memory, passes, uint8(lanes)
	var err1, err2 error
	h.salt, err1 = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	h.hash, err2 = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(h.salt) < 8 || len(h.hash) < 16 || len(h.hash) > 64 {
		return phc{}, errStored
	}
	return h, nil
}

func number(s, name string, most uint64) (uint32, bool) {
	text, ok := strings.CutPrefix(s, name)
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), ok && err == nil && n >= 1 && n <= most
}

const (
	// minCharacters is NIST's floor for a password that stands alone.
	minCharacters = 15
	// minWithFactor is its floor for one beside a second factor.
	minWithFactor = 8
	maxBytes      = 1000
)

func refuse(problem string) error { return api.FieldError("password", problem) }
