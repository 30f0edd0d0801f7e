// Verifies a running server's log with the tools of the transparency ecosystem, unchanged:
// golang.org/x/mod/sumdb/{note,tlog} and github.com/transparency-dev/merkle. Nothing of Custody's
// own code, or of its client, is used.
//
//	go run . URL VERIFIER-KEY ENTRY-ID…        (the credential is in CUSTODY_TOKEN)
//
// Checks the checkpoint's signature, every leaf of the log through tiles, the bundles of leaf data,
// the inclusion proofs of the entries named, and consistency proofs between sizes. Exit 0: all of it
// holds; 1: something does not, and what.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: verify URL VERIFIER-KEY ENTRY-ID…")
		os.Exit(2)
	}
	server := &server{url: os.Args[1], token: os.Getenv("CUSTODY_TOKEN"), tiles: map[string][]byte{}}
	summary, err := verify(server, os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ok:", summary)
}

func verify(s *server, vkey string, ids []string) (string, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return "", fmt.Errorf("verifier key: %w", err)
	}
	signed, err := s.get("/api/v1/log/checkpoint")
	if err != nil {
		return "", err
	}
	newest, err := openCheckpoint(signed, verifier)
	if err != nil {
		return "", err
	}
	reader := tlog.TileHashReader(newest, s)
	leaves, err := verifyLeaves(s, reader, newest)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if err := verifyEntry(s, verifier, leaves, id); err != nil {
			return "", fmt.Errorf("entry %s: %w", id, err)
		}
	}
	pairs, err := verifyConsistency(s, reader, newest)
	if err != nil {
		return "", err
	}
	if err := verifyThatItCanFail(signed, verifier, newest, leaves); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d leaves, %d tiles, %d entries, %d consistency proofs", newest.N, len(s.tiles), len(ids), pairs), nil
}

// openCheckpoint reads a checkpoint that the key signed, whose origin is the key's name.
func openCheckpoint(signed []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("checkpoint: its text is %q", opened.Text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("checkpoint: its root is %q", lines[2])
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(*(*[tlog.HashSize]byte)(root))}, nil
}

// verifyLeaves reads the leaf data of the whole log, and every leaf hash through tiles that lead to
// the checkpoint's root (tlog checks that, tile by tile).
func verifyLeaves(s *server, reader tlog.HashReader, tree tlog.Tree) ([]tlog.Hash, error) {
	data, err := s.leafData(tree.N)
	if err != nil {
		return nil, err
	}
	indexes := make([]int64, tree.N)
	for i := range indexes {
		indexes[i] = tlog.StoredHashIndex(0, int64(i))
	}
	leaves, err := reader.ReadHashes(indexes)
	if err != nil {
		return nil, fmt.Errorf("tiles: %w", err)
	}
	for i, leaf := range leaves {
		if tlog.RecordHash(data[i]) != leaf {
			return nil, fmt.Errorf("leaf data %d does not hash to the tile's hash", i)
		}
		made, err := tlog.ProveRecord(tree.N, int64(i), reader)
		if err != nil {
			return nil, fmt.Errorf("leaf %d: %w", i, err)
		}
		if err := tlog.CheckRecord(made, tree.N, tree.Hash, int64(i), leaf); err != nil {
			return nil, fmt.Errorf("leaf %d: %w", i, err)
		}
	}
	return leaves, nil
}

// verifyEntry checks the server's own inclusion proof, with the checkpoint that came with it.
func verifyEntry(s *server, verifier note.Verifier, leaves []tlog.Hash, id string) error {
	var answer struct {
		LeafIndex  uint64   `json:"leaf_index"`
		TreeSize   uint64   `json:"tree_size"`
		LeafHash   string   `json:"leaf_hash"`
		Hashes     []string `json:"hashes"`
		Checkpoint string   `json:"checkpoint"`
	}
	if err := s.getJSON("/api/v1/logs/"+id+"/proof", &answer); err != nil {
		return err
	}
	tree, err := openCheckpoint([]byte(answer.Checkpoint), verifier)
	if err != nil {
		return err
	}
	hashes, leaf, err := decode(answer.Hashes, answer.LeafHash)
	if err != nil {
		return err
	}
	if uint64(tree.N) != answer.TreeSize || !bytes.Equal(leaf, leaves[answer.LeafIndex][:]) {
		return fmt.Errorf("the proof is of another leaf or tree")
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, answer.LeafIndex, answer.TreeSize, leaf, hashes, tree.Hash[:])
}

// verifyConsistency checks the server's proofs between sizes around the edges of tiles, with roots
// that come from tiles.
func verifyConsistency(s *server, reader tlog.HashReader, tree tlog.Tree) (int, error) {
	pairs := 0
	sizes := []int64{1, 2, 3, 255, 256, 257, 512, tree.N - 1, tree.N}
	for _, from := range sizes {
		for _, to := range sizes {
			if from < 1 || from > to || to > tree.N {
				continue
			}
			if err := verifyPair(s, reader, from, to); err != nil {
				return 0, fmt.Errorf("consistency of %d with %d: %w", from, to, err)
			}
			pairs++
		}
	}
	return pairs, nil
}

func verifyPair(s *server, reader tlog.HashReader, from, to int64) error {
	var answer struct {
		FromRoot string   `json:"from_root"`
		ToRoot   string   `json:"to_root"`
		Hashes   []string `json:"hashes"`
	}
	if err := s.getJSON(fmt.Sprintf("/api/v1/log/consistency?from=%d&to=%d", from, to), &answer); err != nil {
		return err
	}
	fromRoot, err := tlog.TreeHash(from, reader)
	if err != nil {
		return err
	}
	toRoot, err := tlog.TreeHash(to, reader)
	if err != nil {
		return err
	}
	if answer.FromRoot != hex.EncodeToString(fromRoot[:]) || answer.ToRoot != hex.EncodeToString(toRoot[:]) {
		return fmt.Errorf("the roots are not those of the tiles")
	}
	hashes, _, err := decode(answer.Hashes, "")
	if err != nil {
		return err
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(from), uint64(to), hashes, fromRoot[:], toRoot[:])
}

// verifyThatItCanFail holds what was believed against what must not be.
func verifyThatItCanFail(signed []byte, verifier note.Verifier, tree tlog.Tree, leaves []tlog.Hash) error {
	changed := bytes.Replace(signed, []byte(fmt.Sprintf("\n%d\n", tree.N)), []byte(fmt.Sprintf("\n%d\n", tree.N+1)), 1)
	if _, err := openCheckpoint(changed, verifier); err == nil {
		return fmt.Errorf("a checkpoint of another size verifies")
	}
	if tree.N > 1 {
		err := tlog.CheckRecord(tlog.RecordProof{leaves[1]}, 2, tree.Hash, 1, leaves[0])
		if err == nil {
			return fmt.Errorf("the proof of another leaf verifies")
		}
	}
	return nil
}

func decode(hexHashes []string, hexLeaf string) ([][]byte, []byte, error) {
	hashes := make([][]byte, len(hexHashes))
	for i, h := range hexHashes {
		decoded, err := hex.DecodeString(h)
		if err != nil {
			return nil, nil, err
		}
		hashes[i] = decoded
	}
	leaf, err := hex.DecodeString(hexLeaf)
	return hashes, leaf, err
}
