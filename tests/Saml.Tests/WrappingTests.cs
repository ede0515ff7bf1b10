namespace PRTS.Saml.Tests;

/// <summary>XML signature wrapping, in all ways of <see cref="Wrapping"/>.</summary>
public sealed class WrappingTests
{
    public static MatrixTheoryData<string, bool> Names => new(Wrapping.All.Keys, [false, true]);

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_Wrapped_IsRejected(string name, bool sameId)
    {
        var xml = Wrapping.All[name](new(), sameId);
        Assert.Contains("admin@example.com", xml, StringComparison.Ordinal);
        Assert.Contains("ada@example.com", xml, StringComparison.Ordinal);
        var rejected = Assert.IsType<SamlResult.Rejected>(TestResponse.Read(xml));
        Assert.True(rejected.Reason == (sameId ? SamlRejection.DuplicateId : SamlRejection.Structure), $"{rejected.Reason}: {rejected.Detail}");
    }

    /// <summary>The same within what is encrypted.</summary>
    [Theory]
    [InlineData("XSW4: the signed assertion within another")]
    [InlineData("XSW6: the signed assertion within its signature in another assertion")]
    [InlineData("XSW8: the signed assertion in an object of the signature")]
    [InlineData("the signed assertion in the subject of another")]
    public void Read_WrappedThenEncrypted_IsRejected(string name)
    {
        TestResponse.Reject(SamlRejection.Structure, new TestEncryption().Encrypt(Wrapping.All[name](new(), false)));
        TestResponse.Reject(SamlRejection.DuplicateId, new TestEncryption().Encrypt(Wrapping.All[name](new(), true)));
    }
}
