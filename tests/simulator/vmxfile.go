// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A vmxFile is the text of a VMX file as a list of lines that can be edited in
// place: lines that nothing changes keep their order, spelling and comments.
type vmxFile struct {
	lines []vmxLine
	index map[string]int // lower-case key -> the line that takes effect
}

// A vmxLine is either an entry (key is set) or anything else: a comment, an
// empty line, a "#!/usr/bin/vmware".
type vmxLine struct {
	key, value string // value is unquoted
	text       string // the line as it was read, without its end
}

// memsize = "1024"
var vmxEntry = regexp.MustCompile(`^\s*([A-Za-z.][A-Za-z0-9_:.*-]*)\s*=\s*"([^"]*)"\s*(?:#.*)?$`)

// A vmxError says which line of a VMX file cannot be read.
type vmxError struct {
	line int
	text string
}

func (e *vmxError) Error() string {
	return fmt.Sprintf("line %d is not of the form key = \"value\": %s", e.line, e.text)
}

// parseVMX reads the text of a VMX file. Where a key is given twice the first
// one takes effect, as on a host.
func parseVMX(text string) (*vmxFile, error) {
	f := &vmxFile{index: map[string]int{}}
	text = strings.TrimSuffix(text, "\n")
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		m := vmxEntry.FindStringSubmatch(line)
		if m == nil {
			if t := strings.TrimSpace(line); t != "" && !strings.HasPrefix(t, "#") {
				return nil, &vmxError{i + 1, t}
			}
			f.lines = append(f.lines, vmxLine{text: line})
			continue
		}
		if _, twice := f.index[strings.ToLower(m[1])]; !twice {
			f.index[strings.ToLower(m[1])] = len(f.lines)
		}
		f.lines = append(f.lines, vmxLine{key: m[1], value: m[2], text: line})
	}
	return f, nil
}

// String is the text of the file, each line with its end.
func (f *vmxFile) String() string {
	var b strings.Builder
	for _, l := range f.lines {
		b.WriteString(l.text)
		b.WriteByte('\n')
	}
	return b.String()
}

// lookup is the value of a key (in any case), and whether there is one.
func (f *vmxFile) lookup(key string) (string, bool) {
	i, ok := f.index[strings.ToLower(key)]
	if !ok {
		return "", false
	}
	return readable(f.lines[i].value), true
}

// readable is a value as UTF-8. Other encodings are read as Latin-1, which is
// near enough to see a name; the file itself keeps its bytes.
func readable(value string) string {
	if utf8.ValidString(value) {
		return value
	}
	runes := make([]rune, 0, len(value))
	for _, b := range []byte(value) {
		runes = append(runes, rune(b))
	}
	return string(runes)
}

// get is the value of a key, or def.
func (f *vmxFile) get(key, def string) string {
	if v, ok := f.lookup(key); ok {
		return v
	}
	return def
}

// flag is the value of a boolean key; anything but "true" is false.
func (f *vmxFile) flag(key string) bool { return strings.EqualFold(f.get(key, ""), "true") }

// integer is the value of a numeric key, or def where it is absent or no number.
func (f *vmxFile) integer(key string, def int64) int64 {
	if n, err := strconv.ParseInt(strings.TrimSpace(f.get(key, "")), 10, 64); err == nil {
		return n
	}
	return def
}

// set changes the line of a key, or adds one at the end.
func (f *vmxFile) set(key, value string) {
	i, ok := f.index[strings.ToLower(key)]
	if !ok {
		i = len(f.lines)
		f.lines = append(f.lines, vmxLine{key: key})
		f.index[strings.ToLower(key)] = i
	}
	l := &f.lines[i]
	l.value = value
	before, after := l.key+" = ", ""
	if m := vmxEntry.FindStringSubmatchIndex(l.text); m != nil { // keep what stands around the value
		before, after = l.text[:m[4]-1], l.text[m[5]+1:]
	}
	l.text = before + `"` + value + `"` + after
}

// remove drops each line whose lower-case key the function names.
func (f *vmxFile) remove(drop func(key string) bool) {
	f.lines = slices.DeleteFunc(f.lines, func(l vmxLine) bool {
		return l.key != "" && drop(strings.ToLower(l.key))
	})
	f.index = map[string]int{}
	for i, l := range f.lines {
		key := strings.ToLower(l.key)
		if _, twice := f.index[key]; l.key != "" && !twice {
			f.index[key] = i
		}
	}
}

// edit sets many entries at once; those with an empty value go.
func (f *vmxFile) edit(set map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if set[key] != "" {
			f.set(key, set[key])
			continue
		}
		f.remove(func(k string) bool { return strings.EqualFold(k, key) })
	}
}

// entries are the keys and values that count, in the order of the file.
func (f *vmxFile) entries() (list []vmxLine) {
	for i, l := range f.lines {
		if l.key != "" && f.index[strings.ToLower(l.key)] == i {
			list = append(list, l)
		}
	}
	return list
}

var (
	pipeEscape    = regexp.MustCompile(`\|[0-9a-fA-F]{2}`)
	percentEscape = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	escapeText    = strings.NewReplacer("|", "|7C", `"`, "|22", "\n", "|0A", "\r", "|0D")
)

func unhex(escape string) string {
	b, _ := hex.DecodeString(escape[1:])
	return string(b)
}

// unescapeText decodes the |XX of an annotation or name: "two|0Alines".
func unescapeText(s string) string { return pipeEscape.ReplaceAllStringFunc(s, unhex) }

// unescapeName decodes displayName, where the three characters that may not be
// in a name have %XX as well: "a%2fb".
func unescapeName(s string) string {
	return unescapeText(percentEscape.ReplaceAllStringFunc(s, unhex))
}

// escapeName makes of a plain name what a server shows: "a%2fb" for "a/b".
func escapeName(s string) string {
	return strings.NewReplacer("%", "%25", "/", "%2f", `\`, "%5c").Replace(s)
}
