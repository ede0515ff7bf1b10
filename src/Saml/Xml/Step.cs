namespace PRTS.Saml.Xml;

/// <summary>What one step of reading a response gives to the next: a value, or why the response is rejected.</summary>
internal readonly record struct Step<T>(T? Value, SamlResult.Rejected? Rejection)
    where T : class
{
    public static implicit operator Step<T>(T value) => new(value, null);

    public static implicit operator Step<T>(SamlResult.Rejected rejection) => new(null, rejection);
}
