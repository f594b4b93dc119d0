package authority

import "io"

// publicID makes an identifier that is shown: a prefix and 16 characters.
func publicID(rand io.Reader, prefix string) (string, error) {
	const alphabet = "0123456789abcdefghijklmnopqrstuv" // 32: no bias in five bits
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", err
	}
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return prefix + string(b[:]), nil
}
