// Copyright (c) 2026 The virt.esx authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Command esx-simulator simulates an ESX host, or a vCenter with several hosts, for
// tests and for trying playbooks. It is govmomi's simulator and what an ESX host
// does beyond that; README.md says what and how.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"esx-simulator/internal/flags"
)

func main() {
	o, err := flags.Parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "esx-simulator: %s\n", err)
		os.Exit(1)
	}
}

// run serves until it is ended.
func run(o flags.Options) error {
	if !o.Verbose {
		log.SetOutput(io.Discard)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	if o.WithParent {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			end <- syscall.SIGTERM
		}()
	}
	s, err := newServer(o)
	if err != nil {
		return err
	}
	defer s.remove()
	ready, err := s.listen()
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	<-end
	return nil
}
