package foreign

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/tokenry/tokenry/api"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/blowfish" //nolint:staticcheck // for what other systems keep; nothing of ours is made with it
	"golang.org/x/crypto/scrypt"
)

// The most that one hash may cost.
const (
	maxMemory     = 64 << 10      // KiB, of argon2id and scrypt
	maxPasses     = 10            // of argon2id
	maxLanes      = 16            // of argon2id and scrypt
	maxScrypt     = 4 * maxMemory // KiB that all lanes of scrypt go through
	maxBcryptCost = 14
)

// Sum is the hash that the other system would keep of a string; beside is Origin.Salt.
// False says that the string has none. It takes as long as the other system made it
// take: up to about a second, and up to 64 MiB, where [Format.Slow] says so.
func (f *Format) Sum(s, beside string) ([]byte, bool) {
	part, salt, ok := f.hashedOf(s)
	if !ok {
		return nil, false
	}
	switch f.Hash {
	case api.HashSHA256:
		sum := sha256.Sum256([]byte(part))
		return sum[:], true
	case api.HashSHA512:
		sum := sha512.Sum512([]byte(part))
		return sum[:], true
	case api.HashSHA3512:
		sum := sha3.Sum512([]byte(part))
		return sum[:], true
	case api.HashHMACSHA256:
		h := hmac.New(sha256.New, []byte(f.open().key))
		_, _ = h.Write([]byte(part))
		return h.Sum(nil), true
	case api.HashHMACSHA512:
		h := hmac.New(sha512.New, []byte(f.open().key))
		_, _ = h.Write([]byte(part))
		return h.Sum(nil), true
	case api.HashPBKDF2:
		if f.Salt == api.SaltItem {
			salt = beside
		}
		sum, err := pbkdf2.Key(sha256.New, part, []byte(salt), f.Iterations, f.Length)
		return sum, err == nil
	case api.HashBcrypt:
		return bcryptSum(part, beside)
	case api.HashArgon2id:
		return argon2Sum(part, beside)
	case api.HashScrypt:
		return scryptSum(part, beside)
	}
	return nil, false
}

// bcryptHead is "$2b$NN$" and 22 characters of salt.
const bcryptHead = len("$2b$12$") + 22

func bcryptText() *base64.Encoding {
	return base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)
}

// readBcrypt takes a hash apart: $2a$, $2b$ and $2y$, which say the same of what has no
// character above 127.
func readBcrypt(text string) (head string, sum []byte, ok bool) {
	if len(text) != bcryptHead+31 {
		return "", nil, false
	}
	if _, _, ok = bcryptParts(text[:bcryptHead]); !ok {
		return "", nil, false
	}
	sum, err := bcryptText().DecodeString(text[bcryptHead:])
	return text[:bcryptHead], sum, err == nil
}

func bcryptParts(head string) (cost int, salt []byte, ok bool) {
	if len(head) != bcryptHead || head[:2] != "$2" || !strings.Contains("aby", head[2:3]) || head[3] != '$' || head[6] != '$' {
		return 0, nil, false
	}
	cost, err := strconv.Atoi(head[4:6])
	if err != nil || cost < 4 || cost > maxBcryptCost {
		return 0, nil, false
	}
	salt, err = bcryptText().DecodeString(head[7:])
	return cost, salt, err == nil
}

// bcryptSum is bcrypt (Provos and Mazières, USENIX 1999) up to its text, which
// golang.org/x/crypto/bcrypt compares and does not answer for a given salt.
func bcryptSum(s, head string) ([]byte, bool) {
	cost, salt, ok := bcryptParts(head)
	if !ok || len(s) > bcryptLooks {
		return nil, false
	}
	key := append([]byte(s), 0)
	c, err := blowfish.NewSaltedCipher(key, salt)
	if err != nil {
		return nil, false
	}
	for range 1 << cost {
		blowfish.ExpandKey(key, c)
		blowfish.ExpandKey(salt, c)
	}
	sum := []byte("OrpheanBeholderScryDoubt")
	for i := 0; i < len(sum); i += blowfish.BlockSize {
		for range 64 {
			c.Encrypt(sum[i:], sum[i:])
		}
	}
	return sum[:len(sum)-1], true // as it is written, the last byte is left out
}

// modular is a hash in the PHC form, as argon2id and scrypt are written:
// $name$[v=19$]a=1,b=2$salt$sum.
type modular struct {
	head string // up to the salt and with it
	fact map[string]uint32
	salt []byte
	sum  []byte
}

func readModular(name, text string) (m modular, ok bool) {
	fields := strings.Split(text, "$")
	if len(text) > 512 || len(fields) < 5 || fields[0] != "" || fields[1] != name {
		return m, false
	}
	sum, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(fields[len(fields)-1], "="))
	if err != nil || len(sum) < leastSum || len(sum) > maxSum {
		return m, false
	}
	m.head = text[:strings.LastIndexByte(text, '$')]
	if !m.read(name, m.head) {
		return m, false
	}
	m.sum = sum
	return m, true
}

// read takes a head apart. Every fact stands once.
func (m *modular) read(name, head string) bool {
	fields := strings.Split(head, "$")
	if len(fields) < 4 || fields[1] != name {
		return false
	}
	m.fact = map[string]uint32{}
	for _, field := range fields[2 : len(fields)-1] {
		for pair := range strings.SplitSeq(field, ",") {
			key, value, _ := strings.Cut(pair, "=")
			n, err := strconv.ParseUint(value, 10, 32)
			if _, again := m.fact[key]; err != nil || again || len(m.fact) > 4 {
				return false
			}
			m.fact[key] = uint32(n)
		}
	}
	salt, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(fields[len(fields)-1], "="))
	m.salt = salt
	return err == nil && len(salt) >= 8 && len(salt) <= 64 && m.bounded(name)
}

// bounded says whether the facts are there, and cost no more than one hash may.
func (m *modular) bounded(name string) bool {
	if name == "argon2id" {
		mem, passes, lanes := m.fact["m"], m.fact["t"], m.fact["p"]
		version, told := m.fact["v"]
		return (!told || version == argon2.Version) && len(m.fact) <= 4 && passes >= 1 && passes <= maxPasses && lanes >= 1 && lanes <= maxLanes &&
			mem >= 8*lanes && mem <= maxMemory
	}
	ln, r, p := m.fact["ln"], m.fact["r"], m.fact["p"]
	return len(m.fact) == 3 && ln >= 1 && ln <= 20 && r >= 1 && r <= 32 && p >= 1 && p <= maxLanes && r<<ln <= maxMemory*8 && p*(r<<ln) <= maxScrypt*8
}

// splitLength takes apart what is kept beside such a hash: its head, "$" and the number of
// bytes of its sum.
func splitLength(beside string) (head string, n int, ok bool) {
	i := strings.LastIndexByte(beside, '$')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(beside[i+1:])
	return beside[:i], n, err == nil && n >= leastSum && n <= maxSum
}

func argon2Sum(s, beside string) ([]byte, bool) {
	head, n, ok := splitLength(beside)
	var m modular
	if !ok || !m.read("argon2id", head) {
		return nil, false
	}
	return argon2.IDKey([]byte(s), m.salt, m.fact["t"], m.fact["m"], uint8(m.fact["p"]), uint32(n)), true
}

func scryptSum(s, beside string) ([]byte, bool) {
	head, n, ok := splitLength(beside)
	var m modular
	if !ok || !m.read("scrypt", head) {
		return nil, false
	}
	sum, err := scrypt.Key([]byte(s), m.salt, 1<<m.fact["ln"], int(m.fact["r"]), int(m.fact["p"]), n)
	return sum, err == nil
}
