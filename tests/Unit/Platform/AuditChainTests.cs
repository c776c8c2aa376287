using MedCor.Contracts.Clinical;
using MedCor.Platform.Audit;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using AuditEvent = MedCor.Platform.Audit.AuditEvent;

namespace MedCor.Tests.Unit.Platform;

public class AuditChainTests
{
    private static readonly Guid Id = Guid.Parse("01980000-0000-7000-8001-000000000001");

    private static readonly AuditEvent Event = new()
    {
        HospitalId = Id, Id = Id, CreatedAt = new(2026, 2, 1, 14, 0, 0, 123, TimeSpan.Zero), UserId = Id, Role = ActingRole.HospitalAdmin, SessionId = Id,
        Action = "list_treatments", Resource = "treatments", ResourceIds = [Id, Guid.Empty], PatientId = Id, Rows = 2, Outcome = AuditOutcome.Done,
        ClientAddress = "2001:db8::1", PeerAddress = "10.0.0.7", RequestId = "r-1",
    };

    private readonly AuditChain _chain = new("a secret of at least 32 characters!");

    /// <summary>
    /// The expected hash was computed by an independent program from the definition: HKDF and HMAC with SHA-256 over the previous link, the sequence number and
    /// the JSON without nulls.
    /// </summary>
    [Fact]
    public void The_hash_of_what_was_recorded_long_ago_never_changes() => Assert.Equal(
        "87253aa3854e44b89b78a28a8abb026fe18060af58501ea10fb17aa242438543", Convert.ToHexStringLower(_chain.ComputeHash(AuditChain.InitialHash, 1, Event)));

    [Fact]
    public void The_hash_covers_the_event_its_sequence_the_previous_link_and_the_secret()
    {
        var hash = _chain.ComputeHash(AuditChain.InitialHash, 1, Event);

        Assert.NotEqual(hash, _chain.ComputeHash(AuditChain.InitialHash, 1, Event with { Rows = 3 }));
        Assert.NotEqual(hash, _chain.ComputeHash(AuditChain.InitialHash, 1, Event with { TraceId = "4bf92f3577b34da6a3ce929d0e0e4736" }));
        Assert.Equal(hash, _chain.ComputeHash(AuditChain.InitialHash, 1, Event with { Kind = AuditKind.Clinical }));
        Assert.NotEqual(hash, _chain.ComputeHash(AuditChain.InitialHash, 1, Event with { Kind = AuditKind.Demographic }));
        Assert.NotEqual(hash, _chain.ComputeHash(AuditChain.InitialHash, 1, Event with { Fields = ["role"] }));
        Assert.NotEqual(hash, _chain.ComputeHash(AuditChain.InitialHash, 1, Event with { Service = "identity" }));
        Assert.NotEqual(hash, _chain.ComputeHash(AuditChain.InitialHash, 2, Event));
        Assert.NotEqual(hash, _chain.ComputeHash(hash, 1, Event));
        Assert.NotEqual(hash, new AuditChain("another secret of 32 characters!!!").ComputeHash(AuditChain.InitialHash, 1, Event));
    }

    [Fact]
    public void A_default_secret_is_refused_outside_development_naming_the_variable()
    {
        var check = new AuditOptionsValidator("Clinical", new Production());

        Assert.Contains("Clinical__AuditSecret",
            check.Validate(null, new() { AuditSecret = "development-only-9876543210-zyxwvutsrqponmlkjihgfedcba" }).FailureMessage);
        Assert.Contains("Clinical__AuditSecret", check.Validate(null, new()).FailureMessage);
        Assert.True(check.Validate(null, new() { AuditSecret = "9f8b1c7de02a4455a1d0c3b2e4f6a798" }).Succeeded);
    }

    private sealed class Production : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = "Production";
        public string ApplicationName { get; set; } = "";
        public string ContentRootPath { get; set; } = "";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
