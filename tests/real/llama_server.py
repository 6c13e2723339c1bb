"""Serves a GGUF file with llama.cpp's own HTTP server, on a free loopback port.

    llama_server.py MODEL.gguf API_KEY

Says where it listens, and runs until its input ends.
"""

import sys

import xllamacpp


def main():
    path, api_key = sys.argv[1:]
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.model_alias = {"penstock-tiny"}
    params.port = 0
    params.api_keys = [api_key]
    params.n_ctx = 2048
    params.n_parallel = 2
    params.cpuparams.n_threads = 1
    params.warmup = False
    # An answer must not depend on earlier requests.
    params.cache_prompt = False
    # Enabling embeddings does not disable the other endpoints.
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = xllamacpp.Server(params)
    print(f"listening on {server.listening_address}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
