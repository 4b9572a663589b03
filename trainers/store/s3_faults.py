"""What an S3 server, or the way to it, answers instead of a result: which faults pass, and words for the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError as BrokenReply  # botocore lets it out where it reads the body of an error

from tasks.errors import UserError
from trainers.store.retries import GaveUp, Passing

_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_CODES = frozenset(
    {
        "ConditionalRequestConflict",  # 409: another conditional write is under way
        "OperationAborted",  # 409: likewise
        "RequestTimeout",  # 400: the body did not come
        "IncompleteBody",
        "BadDigest",  # these: the body came with other bytes than were sent
        "XAmzContentChecksumMismatch",
        "XAmzContentSHA256Mismatch",
    }
)
_RIGHTS = "access is denied; the credentials need to list, get, put and delete objects here"
_REGION = "the bucket is in another region; set AWS_DEFAULT_REGION to it"
_EXPIRED = "the session token has expired; renew the credentials"
_TOKEN = "the server does not know the session token; check AWS_SESSION_TOKEN"
_ADVICE = {
    "NoSuchBucket": "the bucket does not exist; create it or choose another",
    "InvalidBucketName": "the bucket's name is none; check the store's name",
    "AccessDenied": _RIGHTS,
    "AllAccessDisabled": _RIGHTS,
    "403": _RIGHTS,
    "InvalidAccessKeyId": "the server does not know the access key; check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the server refuses the signature; check AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "InvalidToken": _TOKEN,
    "RequestTimeTooSkewed": "this machine's clock differs from the server's; set it right",
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,  # AWS says so of a signature for another region
    "IllegalLocationConstraintException": _REGION,
    "301": _REGION,
    "QuotaExceeded": "the quota is used up; free some space or choose another store",
    "XMinioStorageFull": "the server's disk is full; free some space or choose another store",
}


def code_of(error: ClientError) -> str:
    """The server's word for a fault, or its HTTP status where a reply has no body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status of a fault."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def passing(error: Exception) -> str | None:
    """A few words for a fault that another try may not meet; None for all others. They hold no address or header."""
    match error:
        case Passing():
            return str(error)
        case ClientError():
            fault = code_of(error)
            return f"the server says {fault}" if status_of(error) in _STATUS or fault in _CODES else None
        case SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return None
        case HTTPClientError() | NoConnection() | IncompleteReadError() | BrokenReply():
            return f"the connection fails ({type(error).__name__})"
        case ResponseParserError():
            return "the reply is garbled"
    return None


@contextmanager
def mendable_faults(doing: str, key: str, place: str, endpoint: str) -> Iterator[None]:
    """Turn boto's errors inside into one line for the user, without anything that may hold a secret.

    Args:
        doing: what is done, as an infinitive.
        key: what a missing object's `KeyError` says.
        place: the store's name and the key.
        endpoint: the server's address.

    Raises:
        KeyError: there is no such object.
        UserError: any other fault.
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) in ("NoSuchKey", "404"):
            raise KeyError(key) from None
        raise UserError(f"cannot {doing}: {_says(error)}", where=place) from error
    except GaveUp as error:
        why = _last_fault(error.__cause__, endpoint)
        raise UserError(f"cannot {doing}, tried for {error.seconds:.0f} s: {why}", where=place) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        advice = "no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile or role"
        raise UserError(f"cannot {doing}: {advice}", where=place) from error
    except SSLError as error:
        advice = f"the certificate of {_address(endpoint)} is not trusted; set AWS_CA_BUNDLE or mend it"
        raise UserError(f"cannot {doing}: {advice}", where=place) from error
    except (BotoCoreError, Boto3Error) as error:
        raise UserError(f"cannot {doing}: {type(error).__name__}; check the AWS_ settings", where=place) from error


def _says(error: ClientError) -> str:
    return _ADVICE.get(code_of(error), f"the server says {code_of(error)}")


def _last_fault(fault: BaseException | None, endpoint: str) -> str:
    match fault:
        case ClientError():
            return f"{_says(fault)}; try again later"
        case Passing():
            return str(fault)
    return f"{_address(endpoint)} cannot be reached; check AWS_ENDPOINT_URL and the network"


def _address(endpoint: str) -> str:
    """Scheme, host and port: an address may hold a password, too."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
