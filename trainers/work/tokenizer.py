"""The tokenizer stage: byte-pair encoding in XLM-R's frame, the same file in every run."""

from __future__ import annotations

from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from tasks.examples import Sentence
from trainers.session import Session
from trainers.stages import TokenizerSpec

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")  # ids 0, 1, 2, 3 as in XLM-R; the mask comes right after
ALONE = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{P}]"  # scripts without blanks, and punctuation: never merged


def run(spec: TokenizerSpec, session: Session) -> dict[str, Any]:
    """Train on all languages' lines, in the order of the spec."""
    lines = [
        example.text
        for text in spec.text
        for example in session.dataset(text.fingerprint).examples
        if isinstance(example, Sentence)
    ]
    tokenizer = train(lines, spec.vocabulary)
    tokenizer.save_pretrained(session.made)
    session.tell(1, 1)
    return {"vocabulary": len(tokenizer), "lines": len(lines)}


def train(lines: list[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-pair tokenizer; BPE because its training is deterministic, which unigram training is not."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Split(Regex(ALONE), "isolated")]
    )
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=list(SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers has no types here
        tokenizer_object=tokenizer,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
    )
