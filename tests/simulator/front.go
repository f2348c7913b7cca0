// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"esx-simulator/internal/rules"
	"esx-simulator/internal/trace"
	"esx-simulator/internal/wire"
)

// front is what clients talk to, on one listener. It stands before the library's
// handlers: it corrects SOAP answers, injects faults, guards /folder, and has
// the control endpoint.
type front struct {
	s    *server
	view *hostView // the host whose address this is, or nil
}

// name is the host whose endpoint this is, or "".
func (f *front) name() string {
	if f.view == nil {
		return ""
	}
	return f.view.host.Name
}

type connectionKey struct{}

var connections atomic.Int64

// numberConnections gives each connection of a server a number, for the trace.
func numberConnections(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, connections.Add(1))
}

func connectionOf(r *http.Request) int64 {
	n, _ := r.Context().Value(connectionKey{}).(int64)
	return n
}

// A recorder keeps an answer until it can be corrected.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if other := f.s.otherFor(r.Host); other != nil {
		other.ServeHTTP(w, r)
		return
	}
	if f.down(w, r) {
		return
	}
	switch {
	case strings.HasPrefix(r.URL.Path, "/_simulator/"):
		f.s.control(w, r)
	case r.URL.Path == "/sdk/vimServiceVersions.xml":
		f.traced(f.s.serviceVersions)(w, r)
	case strings.HasPrefix(r.URL.Path, "/sdk") && r.Method == http.MethodPost:
		f.soap(w, r)
	case strings.HasPrefix(r.URL.Path, "/folder"):
		f.traced(f.files)(w, r)
	case strings.HasPrefix(r.URL.Path, "/nfc/"), strings.HasPrefix(r.URL.Path, "/ha-nfc/"):
		f.traced(f.nfc)(w, r)
	case r.URL.Path == "/screen":
		f.traced(f.screen)(w, r)
	default:
		f.traced(http.NotFound)(w, r)
	}
}

// counter counts what a handler writes.
type counter struct {
	http.ResponseWriter
	status, written int
}

func (c *counter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(b []byte) (int, error) {
	c.written += len(b)
	return c.ResponseWriter.Write(b)
}

// traced is a handler of plain HTTP that injects faults and writes the trace.
func (f *front) traced(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.s.calls.Add(1)
		defer f.s.calls.Add(-1)
		c := &counter{ResponseWriter: w, status: http.StatusOK}
		start := time.Now()
		rule := f.s.faults.Take(rules.Call{Method: r.Method, Object: r.URL.Path, Kind: "folder"}, rules.InHTTP)
		if !instead(rule, c, r) {
			handle(c, r)
		}
		f.s.trace.Add(trace.Entry{
			Method: r.Method, Path: r.URL.Path, Status: c.status, In: r.ContentLength, Out: int64(c.written),
			Connection: connectionOf(r), Host: f.name(), Milliseconds: time.Since(start).Milliseconds()})
		if rule.Drops() {
			dropConnection(w)
		}
	}
}

// soap serves a call of the API.
func (f *front) soap(w http.ResponseWriter, r *http.Request) {
	f.s.calls.Add(1)
	defer f.s.calls.Add(-1)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	start := time.Now()
	c := wire.CallOf(body)
	c.Name = f.s.nameOf(types.ManagedObjectReference{Type: c.Kind, Value: c.Object})
	rule := f.s.faults.Take(c, rules.InHTTP)
	count := &counter{ResponseWriter: w, status: http.StatusOK}
	if !instead(rule, count, r) {
		status, answer := f.call(w, r, c, body)
		count.Header().Set("Content-Type", "text/xml; charset=utf-8")
		if !rule.Drops() {
			count.WriteHeader(status)
			_, _ = count.Write(answer)
		}
	}
	f.s.trace.Add(trace.Entry{
		Method: c.Method, Type: c.Kind, Object: c.Object, Paths: c.Paths, Status: count.status,
		In: int64(len(body)), Out: int64(count.written), Connection: connectionOf(r), Host: f.name(),
		Milliseconds: time.Since(start).Milliseconds()})
	if rule.Drops() {
		dropConnection(w)
	}
}

// call lets the library answer, and corrects the answer.
func (f *front) call(w http.ResponseWriter, r *http.Request, c rules.Call, body []byte) (int, []byte) {
	if reason := f.s.version.Refuses(c.Kind, c.Method, r.Header.Get("SOAPAction")); reason != "" {
		return http.StatusInternalServerError, []byte(wire.NotParsed(reason))
	}
	if version := f.s.version.Applied(r.Header.Get("SOAPAction")); version != "" {
		w.Header().Set("X-Applied-Soapaction", "urn:vim25/"+version)
	}
	key := f.s.sessions.keyOf(r)
	f.s.sessions.touch(key)
	path := "/sdk"
	if f.view != nil {
		path = f.view.path
		body = f.view.request(body)
	}
	body = wire.MarkCleared(c.Method, body)
	inner := r.Clone(r.Context())
	if !f.s.sessions.isOf(key, f.view) { // a session of another host, or of the vCenter
		inner.Header.Del("Cookie")
	} else if key != cookieOf(r) {
		inner.Header.Set("Cookie", (&http.Cookie{Name: cookieName, Value: key}).String())
	}
	inner.URL.Path = path
	inner.Body = io.NopCloser(bytes.NewReader(body))
	rec := &recorder{ResponseWriter: w, status: http.StatusOK}
	f.serve(rec, inner)
	f.s.sessions.started(w.Header(), f.view)
	if f.s.version.AsksEarly() {
		f.s.sessions.greet(w.Header(), r)
	}

	answer := wire.FixFetch(body, rec.body.Bytes())
	answer = wire.FixFaultElements(wire.FixFaultString(answer))
	answer = f.s.hideDirectories(wire.FixElements(answer))
	if f.view != nil {
		answer = f.view.answer(answer)
	}
	return rec.status, answer
}

// serve lets the library serve a call. Where it panics, the client gets a fault:
// a host would answer so, too.
func (f *front) serve(rec *recorder, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			log.Printf("%v\n%s", cause, debug.Stack())
			rec.status = http.StatusInternalServerError
			rec.body.Reset()
			rec.body.WriteString(wire.Fault("A general system error occurred: "+fmt.Sprint(cause),
				`<SystemErrorFault xmlns="urn:vim25" xsi:type="SystemError"><reason>`+
					html.EscapeString(fmt.Sprint(cause))+`</reason></SystemErrorFault>`))
		}
	}()
	f.s.service.ServeSDK(rec, r)
}

// hideDirectories replaces the directories here by what a host has: the library
// shows them as the datastores' URLs and inside faults.
func (s *server) hideDirectories(answer []byte) []byte {
	if !bytes.Contains(answer, []byte(s.dir)) {
		return answer
	}
	for _, v := range s.volumes {
		answer = bytes.ReplaceAll(answer, []byte(">"+v.dir+"<"), []byte(">ds://"+v.mount()+"/<"))
		answer = bytes.ReplaceAll(answer, []byte(v.dir), []byte(v.mount()))
	}
	return answer
}
