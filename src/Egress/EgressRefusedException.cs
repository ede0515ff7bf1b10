namespace PRTS.Egress;

/// <summary>Why a request was not sent, or its answer not read to the end.</summary>
public enum EgressReason
{
    /// <summary>Not http or https, or credentials in the address.</summary>
    Scheme,
    Port,
    Address,
    Redirect,

    /// <summary>The answer, its head or what was to be sent is too large.</summary>
    Size,
    Time,

    /// <summary>The answer is compressed, which was not asked for.</summary>
    Encoding,
}

/// <summary>A request that somebody else's address led to was refused. The message is for whoever gave the address.</summary>
public sealed class EgressRefusedException : HttpRequestException
{
    public EgressRefusedException(EgressReason reason, string message, string? setting = null, Exception? inner = null)
        : base(message, inner)
    {
        Reason = reason;
        Setting = setting;
    }

    public EgressReason Reason { get; }

    /// <summary>The setting that would allow it; null when none does.</summary>
    public string? Setting { get; }
}
