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
    public void A_former_secret_verifies_its_links_and_makes_no_new_ones()
    {
        var rotated = new AuditChain("another secret of 32 characters!!!", "a secret of at least 32 characters!");
        var (former, current) = (_chain.ComputeHash(AuditChain.InitialHash, 1, Event), rotated.ComputeHash(AuditChain.InitialHash, 1, Event));

        Assert.NotEqual(former, current);
        Assert.Equal((1, 0, null), (AgeOf(former, _chain.KeyId), AgeOf(current, rotated.KeyId), AgeOf(former, rotated.KeyId)));
        Assert.Equal((1, 0), (AgeOf(former, null), AgeOf(current, null)));
        Assert.Equal((true, true, false), (rotated.Knows(_chain.KeyId), rotated.Knows(null), _chain.Knows(rotated.KeyId)));

        int? AgeOf(byte[] hash, string? keyId) => rotated.FindKeyAge(hash, keyId, AuditChain.InitialHash, 1, Event);
    }

    [Fact]
    public void A_link_proves_the_id_of_its_event_by_itself()
    {
        var link = new AuditLink
        {
            HospitalId = Id, Sequence = 7, EventId = Id, Hash = [], KeyId = _chain.KeyId, IdHash = _chain.ComputeIdHash(Id, 7, Id),
        };
        var guessed = new AuditChain("another secret of 32 characters!!!");

        Assert.True(_chain.ProvesEventId(link));
        Assert.True(new AuditChain("another secret of 32 characters!!!", "a secret of at least 32 characters!").ProvesEventId(link));
        Assert.False(_chain.ProvesEventId(With(link.IdHash, eventId: Guid.NewGuid())));
        Assert.False(_chain.ProvesEventId(With(link.IdHash, sequence: 8)));
        Assert.False(_chain.ProvesEventId(With(guessed.ComputeIdHash(Id, 7, Id))));
        Assert.False(_chain.ProvesEventId(With(null)));

        AuditLink With(byte[]? idHash, Guid? eventId = null, long sequence = 7) =>
            new() { HospitalId = Id, Sequence = sequence, EventId = eventId ?? Id, Hash = [], KeyId = _chain.KeyId, IdHash = idHash };
    }

    [Fact]
    public void A_default_secret_is_refused_outside_development_naming_the_variable()
    {
        var check = new AuditOptionsValidator("Clinical", new Production());

        Assert.Contains("Clinical__AuditSecret",
            check.Validate(null, new() { AuditSecret = "development-only-9876543210-zyxwvutsrqponmlkjihgfedcba" }).FailureMessage);
        Assert.Contains("Clinical__AuditSecret", check.Validate(null, new()).FailureMessage);
        Assert.True(check.Validate(null, new() { AuditSecret = "9f8b1c7de02a4455a1d0c3b2e4f6a798" }).Succeeded);
        Assert.True(check.Validate(null, new() { AuditSecret = "9f8b1c7de02a4455a1d0c3b2e4f6a798", FormerAuditSecrets = [""] }).Succeeded);
        Assert.Contains("Clinical__FormerAuditSecrets__1",
            check.Validate(null, new() { AuditSecret = "9f8b1c7de02a4455a1d0c3b2e4f6a798", FormerAuditSecrets = ["", "too short"] }).FailureMessage);
        Assert.Contains("Clinical__FormerAuditSecrets", check.Validate(null,
            new() { AuditSecret = "9f8b1c7de02a4455a1d0c3b2e4f6a798", FormerAuditSecrets = ["9f8b1c7de02a4455a1d0c3b2e4f6a798"] }).FailureMessage);
    }

    private sealed class Production : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = "Production";
        public string ApplicationName { get; set; } = "";
        public string ContentRootPath { get; set; } = "";
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
