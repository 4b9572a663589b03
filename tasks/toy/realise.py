"""From an abstract sentence to the tokens of a language: the same sentence in six languages is an exact translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.toy.grammar import Clause, Entry, Name, Noun, Phrase, Pronoun, Sentence, Token, asks
from tasks.toy.languages import Language
from tasks.toy.lexicon import Lexicon, with_s

_PRONOUN_TAGS = {"where": "ADV", "how": "ADV"}
_NUMBER_TAGS = {"how": "ADV", "many": "ADJ"}
_LINK_TAGS = {"and": "CCONJ", "so": "SCONJ", "because": "SCONJ"}

Piece = tuple[Phrase | None, list[Token]]  # a phrase with its words; None: an adposition, a verb, an adjective


@dataclass(frozen=True)
class Realised:
    """The tokens of a sentence; `span` is the range of the marked phrase among them."""

    tokens: tuple[Token, ...]
    span: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """The tokens, apart by blanks."""
        return " ".join(token.form for token in self.tokens)


class Speaker:
    """Says abstract sentences in one language."""

    def __init__(self, language: Language, lexicon: Lexicon) -> None:
        self.language = language
        self.code = language.code
        self._words = lexicon.words.get(language.code)  # None: English

    def say(self, sentence: Sentence | Entry, mark: Phrase | str | None = None) -> Realised:
        """The tokens of a sentence, and where `mark` first stands: a phrase of its own, or a noun's numeral.

        Raises:
            ValueError: `mark` is not in the sentence.
        """
        if isinstance(sentence, Entry):
            return Realised((self._entry(sentence),))
        pieces = list(self._clause(sentence.clause))
        question = any(asks(phrase) for phrase, _ in pieces) or sentence.clause.quality == "how"
        if sentence.second is not None:
            pieces.append((None, [Token(self._word(sentence.link), _LINK_TAGS[sentence.link])]))
            pieces += self._clause(sentence.second)
        tokens: list[Token] = []
        span = None
        for piece in pieces:
            if mark is not None and span is None:
                span = _find(mark, piece, len(tokens))
            tokens += piece[1]
        if mark is not None and span is None:
            raise ValueError(f"{mark} is not in {sentence}")
        tokens.append(Token("?" if question else ".", "PUNCT"))
        return Realised(tuple(tokens), span)

    def text(self, *sentences: Sentence | Entry) -> str:
        """Several sentences in a row."""
        return " ".join(self.say(sentence).text for sentence in sentences)

    def _entry(self, entry: Entry) -> Token:
        """Verbs as in a statement."""
        inflected = self._words is None and entry.upos == "VERB"
        return Token(with_s(entry.lexeme) if inflected else self._word(entry.lexeme), entry.upos)

    def _clause(self, clause: Clause) -> Iterator[Piece]:
        """The clause's pieces in order; adpositions and verbs are pieces without a phrase."""
        subject: list[Piece] = [(clause.subject, self._phrase(clause.subject))]
        obliques = [piece for adposition, phrase in clause.obliques for piece in self._oblique(adposition, phrase)]
        complement: list[Piece] = []
        if clause.object is not None:
            complement.append((clause.object, self._phrase(clause.object, is_object=clause.verb != "be")))
        if clause.quality:
            complement.append((None, [Token(self._word(clause.quality), "ADV" if clause.quality == "how" else "ADJ")]))
        asked = self._asked(clause, complement, obliques)
        if clause.adverb:
            yield None, [Token(self._word(clause.adverb), "ADV")]
        if asked is None or not self.language.question_first:
            yield from self._order(clause, subject, complement, obliques)
        else:
            yield asked
            complement, obliques = ([p for p in pieces if p is not asked] for pieces in (complement, obliques))
            yield from self._inverted(clause, subject, complement, obliques)

    def _asked(
        self,
        clause: Clause,
        complement: list[Piece],
        obliques: list[Piece],
    ) -> Piece | None:
        """The piece that a question asks for; None where that is the subject, which stays where it is."""
        if clause.quality == "how":
            return complement[-1]
        return next((piece for piece in (*complement, *obliques) if asks(piece[0])), None)

    def _inverted(
        self,
        clause: Clause,
        subject: Sequence[Piece],
        complement: Sequence[Piece],
        obliques: Sequence[Piece],
    ) -> Iterator[Piece]:
        """What follows a fronted question word: as in a statement, but English inverts or takes "does"."""
        if self._words is not None:
            yield from self._order(clause, subject, complement, obliques)
        elif clause.verb == "be":
            yield None, self._verb(clause)
            yield from (*subject, *complement, *obliques)
        else:
            yield None, [Token("does", "AUX")]
            yield from subject
            yield None, [Token(clause.verb, "VERB")]
            yield from (*complement, *obliques)

    def _order(
        self,
        clause: Clause,
        subject: Sequence[Piece],
        complement: Sequence[Piece],
        obliques: Sequence[Piece],
    ) -> Iterator[Piece]:
        verb: list[Piece] = [(None, self._verb(clause))]
        if self.language.order == "SVO":
            yield from (*subject, *verb, *complement, *obliques)
        elif self.language.order == "SOV":
            yield from (*subject, *obliques, *complement, *verb)
        else:
            yield from (*verb, *subject, *complement, *obliques)

    def _verb(self, clause: Clause) -> list[Token]:
        negation = [Token(self._word("not"), "PART")] if clause.negated else []
        if clause.verb != "be":
            form = with_s(clause.verb) if self._words is None else self._words[clause.verb]
            return [*negation, Token(form, "VERB")]
        copula = [Token("is" if self._words is None else self._words["be"], "AUX")] if self.language.copula else []
        return [*copula, *negation] if self._words is None else [*negation, *copula]

    def _oblique(self, adposition: str, phrase: Phrase) -> list[Piece]:
        piece: Piece = (phrase, self._phrase(phrase))
        if not adposition:
            return [piece]
        particle: Piece = (None, [Token(self._word(adposition), "ADP")])
        return [piece, particle] if self.language.postpositions else [particle, piece]

    def _phrase(self, phrase: Phrase, *, is_object: bool = False) -> list[Token]:
        if isinstance(phrase, Name):
            tags = ("B-" + phrase.entity, *("I-" + phrase.entity for _ in phrase.words[1:]))
            return [Token(word, "PROPN", tag) for word, tag in zip(phrase.words, tags, strict=True)]
        if isinstance(phrase, Pronoun):
            return [Token(self._word(phrase.word), _PRONOUN_TAGS.get(phrase.word, "PRON"))]
        return self._noun(phrase, is_object)

    def _noun(self, noun: Noun, is_object: bool) -> list[Token]:
        article = [Token(self._word(noun.article), "DET")] if self._has_article(noun) else []
        number = [self._number(word) for word in noun.number.split()]
        adjectives = [Token(self._word(word), "ADJ") for word in noun.adjectives]
        head = [Token(self._head(noun, is_object), "NOUN")]
        core = [*head, *number, *adjectives] if self.language.adjectives_after else [*number, *adjectives, *head]
        if noun.of is None:
            return [*article, *core]
        of, owner = [Token(self._word("of"), "ADP")], self._phrase(noun.of)
        return [*owner, *of, *article, *core] if self.language.postpositions else [*article, *core, *of, *owner]

    def _has_article(self, noun: Noun) -> bool:
        return bool(noun.article) and not noun.number and (self.language.articles or noun.article == "which")

    def _head(self, noun: Noun, is_object: bool) -> str:
        if self._words is None:
            return with_s(noun.head) if noun.number else noun.head
        return self._words[noun.head] + (self.language.object_suffix if is_object else "")

    def _number(self, word: str) -> Token:
        if word.isdigit():
            return Token(word, "NUM")
        return Token(self._word(word), _NUMBER_TAGS.get(word, "NUM"))

    def _word(self, lexeme: str) -> str:
        return lexeme if self._words is None else self._words[lexeme]


def _find(mark: Phrase | str, piece: Piece, at: int) -> tuple[int, int] | None:
    phrase, words = piece
    if phrase == mark:
        return at, at + len(words)
    if isinstance(phrase, Noun) and phrase.number and phrase.number == mark:
        at += next(i for i, token in enumerate(words) if token.upos == "NUM")
        return at, at + 1
    return None
