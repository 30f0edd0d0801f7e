package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is that of c2sp.org/tlog-tiles.
const tileHeight = 8

// server is a log over HTTP, and a tlog.TileReader.
type server struct {
	url, token string
	// What was fetched, by path: a tile never changes.
	tiles map[string][]byte
}

func (s *server) get(path string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %s", path, response.Status, body)
	}
	return body, nil
}

func (s *server) getJSON(path string, into interface{}) error {
	body, err := s.get(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (s *server) Height() int { return tileHeight }

// ReadTiles fetches tiles as tlog asks for them; only the prefix of their paths differs.
func (s *server) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "/api/v1/log/tile/", 1)
		if s.tiles[path] == nil {
			fetched, err := s.get(path)
			if err != nil {
				return nil, err
			}
			s.tiles[path] = fetched
		}
		data[i] = s.tiles[path]
	}
	return data, nil
}

func (s *server) SaveTiles([]tlog.Tile, [][]byte) {}

// leafData reads the bundles of the first n entries.
func (s *server) leafData(n int64) ([][]byte, error) {
	var data [][]byte
	for index := int64(0); index<<tileHeight < n; index++ {
		tile := tlog.Tile{H: tileHeight, L: -1, N: index, W: 1 << tileHeight}
		if rest := n - index<<tileHeight; rest < 1<<tileHeight {
			tile.W = int(rest)
		}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/data/", tileHeight), "/api/v1/log/tile/entries/", 1)
		bundle, err := s.get(path)
		if err != nil {
			return nil, err
		}
		for len(bundle) > 0 {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("bundle %d is cut off", index)
			}
			length := 2 + int(binary.BigEndian.Uint16(bundle))
			data = append(data, bundle[2:length])
			bundle = bundle[length:]
		}
	}
	if int64(len(data)) != n {
		return nil, fmt.Errorf("%d leaf data of %d", len(data), n)
	}
	return data, nil
}
