using System.Text;

namespace PRTS.Saml.Tests;

/// <summary>What a response must say; all of these are signed by the right key.</summary>
public sealed class ResponseTests
{
    private static readonly SamlExpectations Expected = TestResponse.Expected;

    [Fact]
    public void Read_ValidResponse_SaysWhoSignedIn()
    {
        var accepted = Assert.IsType<SamlResult.Accepted>(TestResponse.Read(new TestResponse().Signed()));
        Assert.Equal("/builds", accepted.RelayState);
        var signIn = accepted.SignIn;
        Assert.Equal(TestResponse.Idp, signIn.Issuer);
        Assert.Equal(new SamlNameId("ada@example.com", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", null, null), signIn.NameId);
        Assert.Equal("_a1", signIn.AssertionId);
        Assert.Equal(TestResponse.Request, signIn.InResponseTo);
        Assert.Equal(TestResponse.Now.AddMinutes(5) + Expected.AllowedSkew, signIn.NotOnOrAfter);
        Assert.Equal(TestResponse.Now.AddMinutes(-1), signIn.AuthenticatedAt);
        Assert.Equal("urn:oasis:names:tc:SAML:2.0:ac:classes:Password", signIn.AuthenticationContext);
        Assert.Equal("s1", signIn.SessionIndex);
        Assert.Equal(TestResponse.Now.AddMinutes(480), signIn.SessionNotOnOrAfter);
        Assert.Equal(["groups", "mail"], signIn.Attributes.Select(attribute => attribute.Name));
        Assert.Equal("Groups", signIn.Attributes[0].FriendlyName);
        Assert.Equal(["developers", "R&D"], signIn.Values("groups"));
        Assert.Empty(signIn.Values("Groups"));
    }

    [Theory]
    [MemberData(nameof(Controls.Names), MemberType = typeof(Controls))]
    public void Read_Control_IsAccepted(string name)
    {
        var control = Controls.All[name];
        Assert.Equal("ada@example.com", TestResponse.Accept(control.Xml, control.Expectations).NameId.Value);
    }

    /// <summary>Name, reason, response; the assertion is signed.</summary>
    private static readonly Dictionary<string, (SamlRejection Reason, TestResponse Response)> Unmet = new(StringComparer.Ordinal)
    {
        ["issuer of the response"] = (SamlRejection.Issuer, new() { ResponseIssuer = "https://other.example.com" }),
        ["issuer of the assertion"] = (SamlRejection.Issuer, new() { Issuer = "https://other.example.com" }),
        ["issuer that begins like ours"] = (SamlRejection.Issuer, new() { Issuer = TestResponse.Idp + "/x" }),
        ["destination"] = (SamlRejection.Destination, new() { Destination = "https://other.example.com/saml/acs" }),
        ["destination that begins like ours"] = (SamlRejection.Destination, new() { Destination = TestResponse.Acs + "/x" }),
        ["recipient"] = (SamlRejection.Recipient, new() { Recipient = "https://other.example.com/saml/acs" }),
        ["no recipient"] = (SamlRejection.Recipient, new() { Recipient = null }),
        ["audience"] = (SamlRejection.Audience, new() { Conditions = TestResponse.Audience("https://other.example.com") }),
        ["audience in other case"] = (SamlRejection.Audience, new() { Conditions = TestResponse.Audience(TestResponse.Sp.ToUpperInvariant()) }),
        ["no audience"] = (SamlRejection.Audience, new() { Conditions = "" }),
        ["empty audience restriction"] = (SamlRejection.Audience, new() { Conditions = TestResponse.Audience() }),
        ["second audience restriction"] = (SamlRejection.Audience, new() { Conditions = TestResponse.Audience(TestResponse.Sp) + TestResponse.Audience("https://other.example.com") }),
        ["two one-time uses"] = (SamlRejection.Conditions, new() { Conditions = TestResponse.Audience(TestResponse.Sp) + "<saml:OneTimeUse/><saml:OneTimeUse/>" }),
        ["two proxy restrictions"] = (SamlRejection.Conditions, new() { Conditions = TestResponse.Audience(TestResponse.Sp) + "<saml:ProxyRestriction/><saml:ProxyRestriction/>" }),
        ["unknown condition"] = (SamlRejection.Conditions, new() { Conditions = TestResponse.Audience(TestResponse.Sp) + "<saml:Condition/>" }),
        ["condition of another namespace"] = (SamlRejection.Conditions, new() { Conditions = TestResponse.Audience(TestResponse.Sp) + "<x:OneTimeUse xmlns:x=\"urn:x\"/>" }),
        ["expired"] = (SamlRejection.Expired, new() { Until = TestResponse.Time(-2) }),
        ["expired confirmation"] = (SamlRejection.Expired, new() { ConfirmedUntil = TestResponse.Time(-2) }),
        ["not yet valid"] = (SamlRejection.NotYetValid, new() { From = TestResponse.Time(2.1) }),
        ["issued in the future"] = (SamlRejection.NotYetValid, new() { Issued = TestResponse.Time(2.1) }),
        ["time without zone"] = (SamlRejection.Conditions, new() { Until = "2030-05-06T08:08:09" }),
        ["time that is none"] = (SamlRejection.Conditions, new() { From = "yesterday" }),
        ["month that is none"] = (SamlRejection.Conditions, new() { Until = "2030-15-06T08:08:09Z" }),
        ["confirmation without end"] = (SamlRejection.SubjectConfirmation, new() { ConfirmedUntil = null }),
        ["confirmation with a beginning"] = (SamlRejection.SubjectConfirmation, new() { ConfirmedFrom = TestResponse.Time(-1) }),
        ["holder of key"] = (SamlRejection.SubjectConfirmation, new() { Method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key" }),
        ["another's request"] = (SamlRejection.InResponseTo, new() { Answers = "_other", AssertionAnswers = "_other" }),
        ["request that the assertion does not answer"] = (SamlRejection.InResponseTo, new() { AssertionAnswers = "_req2" }),
        ["unsolicited assertion in an answer"] = (SamlRejection.InResponseTo, new() { AssertionAnswers = null }),
        ["answer in an unsolicited response"] = (SamlRejection.InResponseTo, new() { Answers = null }),
        ["unsolicited"] = (SamlRejection.InResponseTo, new() { Answers = null, AssertionAnswers = null }),
        ["error"] = (SamlRejection.Status, new() { Status = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"/>" }),
        ["error with success in it"] = (SamlRejection.Status, new() { Status = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:StatusCode>" }),
        ["two statuses"] = (SamlRejection.Structure, new() { Status = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>" }),
        ["version"] = (SamlRejection.Structure, new() { Version = "1.1" }),
        ["no identifier"] = (SamlRejection.SignatureReference, new() { AssertionId = "" }),
        ["long identifier"] = (SamlRejection.Structure, new() { AssertionId = "_" + new string('a', 300) }),
        ["no name"] = (SamlRejection.NameId, new() { NameId = "" }),
        ["empty name"] = (SamlRejection.NameId, new() { NameId = "<saml:NameID/>" }),
        ["blank name"] = (SamlRejection.NameId, new() { NameId = "<saml:NameID> </saml:NameID>" }),
        ["two names"] = (SamlRejection.NameId, new() { NameId = "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>" }),
        ["name with a line feed"] = (SamlRejection.NameId, new() { NameId = "<saml:NameID>ada\n</saml:NameID>" }),
        ["name with elements"] = (SamlRejection.NameId, new() { NameId = "<saml:NameID>a<saml:b/>d</saml:NameID>" }),
        ["long name"] = (SamlRejection.NameId, new() { NameId = $"<saml:NameID>{new string('a', 1025)}</saml:NameID>" }),
        ["base identifier"] = (SamlRejection.NameId, new() { NameId = "<saml:BaseID/>" }),
        ["encrypted name"] = (SamlRejection.EncryptionUnsupported, new() { NameId = "<saml:EncryptedID/>" }),
        ["encrypted attribute"] = (SamlRejection.EncryptionUnsupported, new() { Attributes = "<saml:AttributeStatement><saml:EncryptedAttribute/></saml:AttributeStatement>" }),
        ["attribute without a name"] = (SamlRejection.Structure, new() { Attributes = "<saml:AttributeStatement><saml:Attribute/></saml:AttributeStatement>" }),
        ["no authentication"] = (SamlRejection.AuthnStatement, new() { Authentication = "" }),
        ["authentication without a time"] = (SamlRejection.AuthnStatement, new() { Authentication = "<saml:AuthnStatement/>" }),
        ["authentication in the future"] = (SamlRejection.NotYetValid, new() { Authentication = $"<saml:AuthnStatement AuthnInstant=\"{TestResponse.Time(3)}\"/>" }),
        ["ended session"] = (SamlRejection.Expired, new() { Authentication = $"<saml:AuthnStatement AuthnInstant=\"{TestResponse.Time(-9)}\" SessionNotOnOrAfter=\"{TestResponse.Time(-3)}\"/>" }),
    };

    public static TheoryData<string> UnmetNames => [.. Unmet.Keys];

    [Theory]
    [MemberData(nameof(UnmetNames))]
    public void Read_UnmetExpectation_IsRejected(string name)
    {
        var (reason, response) = Unmet[name];
        TestResponse.Reject(reason, response.Signed());
    }

    [Fact]
    public void Read_SignedResponseWithoutDestination_IsRejected()
    {
        TestResponse.Reject(SamlRejection.Destination, new TestResponse { Destination = null }.SignedResponse());
        TestResponse.Accept(new TestResponse { Destination = null }.Signed());
    }

    [Fact]
    public void Read_Unsolicited_OnlyWhereAllowed()
    {
        var allowed = Expected with { AllowUnsolicited = true };
        Assert.Null(TestResponse.Accept(new TestResponse { Answers = null, AssertionAnswers = null }.Signed(), allowed).InResponseTo);
        Assert.Equal(TestResponse.Request, TestResponse.Accept(new TestResponse().Signed(), allowed).InResponseTo);
        // An answer that was stolen from another browser does not become unsolicited by taking away what it answers.
        TestResponse.Reject(SamlRejection.InResponseTo, new TestResponse { Answers = null, AssertionAnswers = "_other" }.Signed(), allowed);
        TestResponse.Reject(SamlRejection.InResponseTo, new TestResponse { Answers = "_other", AssertionAnswers = "_other" }.Signed(), allowed);
    }

    [Fact]
    public void Read_WithinSkew_IsAccepted()
    {
        TestResponse.Accept(new TestResponse { Until = TestResponse.Time(-1.9), ConfirmedUntil = TestResponse.Time(-1.9) }.Signed());
        TestResponse.Accept(new TestResponse { From = TestResponse.Time(1.9), Issued = TestResponse.Time(1.9) }.Signed());
        TestResponse.Reject(SamlRejection.Expired, new TestResponse { Until = TestResponse.Time(-1.9) }.Signed(), Expected with { AllowedSkew = TimeSpan.Zero });
    }

    [Fact]
    public void Read_EndOfTime_IsAMoment()
    {
        var response = new TestResponse { Until = null, ConfirmedUntil = "9999-12-31T23:59:59.999999999Z" };
        Assert.Equal(DateTimeOffset.MaxValue, TestResponse.Accept(response.Signed()).NotOnOrAfter);
    }

    [Fact]
    public void Read_SeveralConfirmations_RemembersTheLast()
    {
        var later = $"<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData InResponseTo=\"_another\" Recipient=\"{TestResponse.Acs}\" NotOnOrAfter=\"{TestResponse.Time(60)}\"/></saml:SubjectConfirmation>";
        Assert.Equal(TestResponse.Now.AddMinutes(60) + Expected.AllowedSkew, TestResponse.Accept(new TestResponse { MoreConfirmations = later, Until = null }.Signed()).NotOnOrAfter);
        Assert.Equal(TestResponse.Now.AddMinutes(5) + Expected.AllowedSkew, TestResponse.Accept(new TestResponse { MoreConfirmations = later }.Signed()).NotOnOrAfter);
    }

    [Fact]
    public void Read_CommentInName_TakesItWhole()
    {
        var commented = new TestResponse { NameId = "<saml:NameID>ada@example.com<!-- -->.evil.com</saml:NameID>" };
        Assert.Equal("ada@example.com.evil.com", TestResponse.Accept(commented.Signed()).NameId.Value);
        // One that is added later changes nothing, as it is not signed.
        var added = new TestResponse { NameId = "<saml:NameID>ada@example.com.evil.com</saml:NameID>" }.Signed().Replace("com.evil", "com<!-- -->.evil", StringComparison.Ordinal);
        Assert.Equal("ada@example.com.evil.com", TestResponse.Accept(added).NameId.Value);
        var section = new TestResponse { NameId = "<saml:NameID>ada<![CDATA[@example.com]]>.evil.com</saml:NameID>" };
        Assert.Equal("ada@example.com.evil.com", TestResponse.Accept(section.Signed()).NameId.Value);
    }

    [Fact]
    public void Read_UnsignedError_SaysWhatTheProviderSays()
    {
        var xml = new TestResponse { Status = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></samlp:StatusCode><samlp:StatusMessage>no\nsuch user</samlp:StatusMessage>" }.Xml();
        var rejected = Assert.IsType<SamlResult.Rejected>(TestResponse.Read(xml));
        Assert.Equal(SamlRejection.Status, rejected.Reason);
        Assert.Equal("The identity provider answers 'urn:oasis:names:tc:SAML:2.0:status:Responder', 'urn:oasis:names:tc:SAML:2.0:status:AuthnFailed' and says 'no such user'.", rejected.Detail);
    }

    [Fact]
    public async Task Read_SecondTime_IsAReplay()
    {
        var guard = new Memory();
        var form = TestResponse.Form(new TestResponse().Signed());
        Assert.IsType<SamlResult.Accepted>(await SamlResponse.Read(form, Expected, guard));
        var again = Assert.IsType<SamlResult.Rejected>(await SamlResponse.Read(form, Expected, guard));
        Assert.Equal(SamlRejection.Replayed, again.Reason);
        Assert.Equal((TestResponse.Idp, "_a1", TestResponse.Now.AddMinutes(5) + Expected.AllowedSkew), Assert.Single(guard.Used));
        // What is forged must not use up the right one.
        Assert.IsType<SamlResult.Rejected>(await SamlResponse.Read(TestResponse.Form(new TestResponse { AssertionId = "_a2" }.Xml()), Expected, guard));
        Assert.Single(guard.Used);
    }

    /// <summary>However long a guard remembers, the response is rejected once it has forgotten.</summary>
    [Fact]
    public void Read_AfterTheGuardForgets_IsExpired()
    {
        var xml = new TestResponse().Signed();
        var end = TestResponse.Accept(xml).NotOnOrAfter;
        TestResponse.Accept(xml, Expected with { Clock = new FixedTime(end.AddTicks(-1)) });
        TestResponse.Reject(SamlRejection.Expired, xml, Expected with { Clock = new FixedTime(end) });
    }

    [Fact]
    public void Read_NoTrustedCertificate_SaysSo()
    {
        TestResponse.Reject(SamlRejection.NoTrustedKey, new TestResponse().Signed(), Expected with { Certificates = [] });
        TestResponse.Reject(SamlRejection.NoTrustedKey, new TestResponse().Signed(new TestSignature { Certificate = TestKeys.WeakRsa }), Expected with { Certificates = [TestKeys.WeakRsa] });
    }

    [Theory]
    [InlineData(SamlRejection.Form, "")]
    [InlineData(SamlRejection.Form, "SAMLResponse")]
    [InlineData(SamlRejection.Form, "SAMLResponse=")]
    [InlineData(SamlRejection.Form, "RelayState=a")]
    [InlineData(SamlRejection.Form, "SAMLResponse=YQ&SAMLResponse=YQ")]
    [InlineData(SamlRejection.Form, "SAMLResponse=YQ%3D%3D&RelayState=a&RelayState=b")]
    [InlineData(SamlRejection.Encoding, "SAMLResponse=YQ")]
    [InlineData(SamlRejection.Encoding, "SAMLResponse=%ff%fe")]
    [InlineData(SamlRejection.Xml, "SAMLResponse=YQ%3D%3D")]
    public void Read_BrokenForm_IsRejected(SamlRejection reason, string form) =>
        Assert.Equal(reason, Assert.IsType<SamlResult.Rejected>(SamlResponse.Check(Encoding.UTF8.GetBytes(form), Expected)).Reason);

    private sealed class Memory : ISamlReplayGuard
    {
        public List<(string Issuer, string Id, DateTimeOffset Until)> Used { get; } = [];

        public ValueTask<bool> TryUse(string issuer, string assertionId, DateTimeOffset until, CancellationToken cancellationToken)
        {
            var isNew = !Used.Exists(used => used.Issuer == issuer && used.Id == assertionId);
            if (isNew) Used.Add((issuer, assertionId, until));
            return ValueTask.FromResult(isNew);
        }
    }
}
