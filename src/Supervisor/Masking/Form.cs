namespace PRTS.Supervisor.Masking;

/// <summary>How a text may be written. Each is read back byte by byte, so that any mixture of what encoders escape and what they leave is recognised.</summary>
internal enum Form : byte
{
    /// <summary>As it is; a line feed may have a carriage return before it, as in every form but the last four.</summary>
    Raw,

    /// <summary>JSON, shell (double quotes, <c>printf %q</c>, <c>$'…'</c>), C, Python: whatever escapes with backslashes, and then the backslash itself, too.</summary>
    Backslash,

    /// <summary>URL and form encoding, any set of characters, both cases.</summary>
    Percent,

    /// <summary>XML and HTML: the five named entities and all numbers.</summary>
    Entity,

    /// <summary>Between single quotes of a shell: <c>'\''</c> or <c>'"'"'</c> for each quote.</summary>
    Quote,

    /// <summary>Two digits a byte, both cases, also over lines.</summary>
    Hex,

    /// <summary>Base64 and base64url, also over lines, the number of bytes before it being a multiple of three.</summary>
    Base64,

    /// <summary>One byte more.</summary>
    Base64AfterOne,

    /// <summary>Two bytes more.</summary>
    Base64AfterTwo,
}
