import { flipBits, zeros } from './damage.js'
import { rewritten } from './damaged-files.js'
import { cutInHalf, cutTo, emptied, fileFault, named, takenAway } from './files.js'
import type { Fault, Signature } from '../model.js'

const HF_BLOB = /\/(?:models|datasets|spaces)--[^/]+\/blobs\/[^/]+(?<!\.incomplete)$/
const HF_BLOBS = 'files of a Hugging Face cache (models--*/blobs/*)'
const HF_REMEDY =
  'Load the model in a try block; when it fails, delete that revision (or download with force_download=True) and load it once more.'
const HF_BROKEN: Signature = {
  pattern: String.raw`SafetensorError|header too small|MetadataIncompleteBuffer|incomplete metadata|does not appear to have a file named`,
  cause:
    'A model file in the cache is cut short or gone; the cache takes it for complete because its name is there.',
  remedy: HF_REMEDY
}
const HF_REVISION: Signature = {
  pattern: String.raw`LocalEntryNotFoundError|Cannot find the requested files in the (disk|local) cache|snapshots/?'`,
  cause: 'The file that says which revision is cached is empty, so no snapshot is found.',
  remedy: 'Delete refs/ and look the revision up again, or name the revision by its commit.'
}

const hfBlobEmpty = fileFault({
  id: 'hf-blob-empty',
  code: 'D1',
  family: 'download',
  packs: ['huggingface'],
  title: 'Model files in a Hugging Face cache are empty, and their names are there',
  looksFor: HF_BLOBS,
  words: 'emptied',
  isOne: named(HF_BLOB),
  damage: emptied,
  signatures: [HF_BROKEN],
  evidence: ['huggingface/huggingface_hub#3371', 'huggingface/huggingface_hub#1388', 'lyogavin/airllm#137'],
  remedy: HF_REMEDY
})

const hfBlobMissing = fileFault({
  id: 'hf-blob-missing',
  code: 'D1',
  family: 'download',
  packs: ['huggingface'],
  title: 'Model files in a Hugging Face cache are gone, and the links to them are there',
  looksFor: HF_BLOBS,
  words: 'gone',
  isOne: named(HF_BLOB),
  damage: takenAway,
  takesAway: true,
  signatures: [
    HF_BROKEN,
    {
      pattern: String.raw`Errno 2\]|ENOENT|[Nn]o such file or directory`,
      cause: 'A link in the snapshot points at a file that is gone.',
      remedy: HF_REMEDY
    }
  ],
  evidence: ['huggingface/huggingface_hub#3371', 'huggingface/huggingface_hub#1388'],
  remedy: HF_REMEDY
})

const hfRefEmpty = fileFault({
  id: 'hf-ref-empty',
  code: 'D2',
  family: 'download',
  packs: ['huggingface'],
  title: 'The file that names the cached revision is empty',
  looksFor: 'a revision of a Hugging Face cache (models--*/refs/*)',
  words: 'emptied',
  isOne: named(/\/(?:models|datasets|spaces)--[^/]+\/refs\/.+$/),
  damage: emptied,
  signatures: [HF_REVISION],
  evidence: ['huggingface/huggingface_hub#4492', 'huggingface/huggingface_hub#1307'],
  remedy: 'Treat an empty ref as a cache miss: delete it and look the revision up again.'
})

const torchCut = fileFault({
  id: 'torch-checkpoint-cut',
  code: 'D4',
  family: 'download',
  packs: ['torch'],
  title: 'A downloaded PyTorch checkpoint is cut in half',
  looksFor: 'a PyTorch checkpoint (hub/checkpoints/*)',
  words: 'cut in half',
  isOne: named(/\/hub\/checkpoints\/[^/]+$/),
  damage: cutInHalf,
  signatures: [
    {
      pattern: String.raw`failed finding central directory|PytorchStreamReader|invalid load key|unexpected EOF`,
      cause: 'A checkpoint is cut short; torch.hub takes any file of that name for complete.',
      remedy: 'Pass check_hash=True, and when loading fails delete the file and download it once more.'
    }
  ],
  evidence: ['bmaltais/kohya_ss#213', 'bigscience-workshop/petals#236'],
  remedy: 'Load in a try block; when it fails, delete the checkpoint and download it once more.'
})

const nltkEmpty = fileFault({
  id: 'nltk-zip-empty',
  code: 'D5',
  family: 'download',
  packs: ['python-data'],
  title: 'A downloaded NLTK package is empty',
  looksFor: 'a package of NLTK (nltk_data/*/*.zip)',
  words: 'emptied',
  isOne: named(
    /\/(?:tokenizers|corpora|taggers|models|chunkers|grammars|stemmers|sentiment|help|misc)\/[^/]+\.zip$/
  ),
  damage: emptied,
  signatures: [
    {
      pattern: String.raw`BadZipFile|File is not a zip file`,
      cause: 'A package of NLTK is empty or cut short.',
      remedy: 'When nltk.data.find raises BadZipFile, delete the archive and download the package once more.'
    }
  ],
  evidence: ['nltk/nltk#3208', 'infiniflow/ragflow#9891'],
  remedy: 'Open the packages in a try block; delete a broken archive and download it once more.'
})

/** The ranks of an encoding: a token in base64, a space and its rank on every line. */
const RANKS = /^[A-Za-z0-9+/]+=* \d+\n/

const tiktokenCut = fileFault({
  id: 'tiktoken-cut',
  code: 'D6',
  family: 'download',
  packs: ['python-data'],
  title: 'A cached encoding of tiktoken is cut in the middle of a line',
  looksFor: 'an encoding of tiktoken (40 hex digits, lines of a token and its rank)',
  words: 'cut in the middle of a line',
  isOne: ({ path, content }) =>
    /\/[0-9a-f]{40}$/.test(path) && RANKS.test(content.toString('latin1', 0, 200)),
  // Behind a token and before its rank, where a line can no longer be read.
  damage: cutTo((content) => content.lastIndexOf(' ')),
  signatures: [
    {
      pattern: 'not enough values to unpack',
      cause: 'A cached encoding is cut short.',
      remedy: 'Delete the file in TIKTOKEN_CACHE_DIR and load the encoding once more.'
    }
  ],
  evidence: ['openai/tiktoken#114', 'openai/tiktoken#330'],
  remedy: 'When an encoding cannot be read, delete it from the cache and load it once more.'
})

const emptyModel = fileFault({
  id: 'model-directory-empty',
  code: 'D7',
  family: 'download',
  packs: ['models'],
  title: 'The directory of a model is there, and nothing is in it',
  looksFor: 'a model with files (models/NAME/…)',
  words: 'gone, while its directory is there',
  isOne: named(/\/models\/[^/]+\/.+$/),
  damage: takenAway,
  takesAway: true,
  signatures: [
    {
      pattern: String.raw`already exists|Errno 2\]|ENOENT|[Nn]o such file or directory`,
      cause: 'The directory of a model stands for a finished download, and it is empty.',
      remedy:
        'Look for the files that loading needs, or for a marker that is written last; not for the directory.'
    }
  ],
  evidence: ['vllm-project/aibrix#454'],
  remedy:
    'Download to a temporary directory and rename it when it is complete; check for files, not for a directory.'
})

const zeroedBlob = fileFault({
  id: 'ollama-blob-zeroed',
  code: 'D8',
  family: 'download',
  packs: ['models'],
  title: 'A blob is as long as it was, and all NUL bytes',
  looksFor: 'blobs that are named by their digest (blobs/sha256-*)',
  words: 'filled with NUL bytes',
  isOne: named(/\/blobs\/sha256[-:][0-9a-f]{64}$/),
  damage: (file) => {
    const content = zeros(file.content)
    return content.equals(file.content)
      ? undefined
      : { entries: [rewritten(file, content)], surviving: Buffer.alloc(0) }
  },
  signatures: [
    {
      pattern: String.raw`digest mismatch|invalid file magic|unsupported (model|file) format`,
      cause: 'A blob does not have the content that its name promises.',
      remedy:
        'Compare digests, not sizes, before a blob is used; delete the one that differs and pull it again.'
    }
  ],
  evidence: ['ollama/ollama#17520', 'ollama/ollama#1731'],
  remedy: 'Compare the digest before a blob is used; delete and download again what differs.'
})

const npmFlipped = fileFault({
  id: 'npm-cache-flipped',
  code: 'D9',
  family: 'download',
  packs: ['node'],
  title: 'The contents of an npm cache have flipped bits',
  looksFor: 'contents of an npm cache (_cacache/content-v2/*)',
  words: 'changed by a few flipped bits',
  isOne: named(/\/_cacache\/content-v2\/.+$/),
  damage: (file, _, { seed }) => {
    if (file.size === 0) return undefined
    const { content, untouched } = flipBits(file.content, `${seed}\n${file.path}`)
    return { entries: [rewritten(file, content)], surviving: untouched }
  },
  signatures: [
    {
      pattern: String.raw`EINTEGRITY|cached data for .* seems to be corrupted|[Ii]ntegrity (check|verification) failed|sha512-.* integrity`,
      cause: 'A package in the npm cache does not have the content that its digest promises.',
      remedy: 'Run npm cache verify at start-up, or keep the cache off volumes.'
    }
  ],
  evidence: ['nodejs/docker-node#1735', 'dagger/dagger#1670'],
  remedy:
    'Install at build time; where start-up must install, run npm cache verify when it fails, and try once more.'
})

/** Section D of the catalogue, without its lock: what was downloaded once and is taken for complete ever after. */
export const downloadFaults: readonly Fault[] = [
  hfBlobEmpty,
  hfBlobMissing,
  hfRefEmpty,
  torchCut,
  nltkEmpty,
  tiktokenCut,
  emptyModel,
  zeroedBlob,
  npmFlipped
]
