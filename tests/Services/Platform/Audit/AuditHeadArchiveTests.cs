using System.Globalization;
using MedCor.Platform.Audit;
using Microsoft.Extensions.Options;

namespace MedCor.Tests.Services.Platform.Audit;

/// <summary>Tests the archive of audit heads with Amazon's client against a stub of the protocol. No real object store was available.</summary>
public sealed class AuditHeadArchiveTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Heads_are_stored_once_an_hour_and_locked_for_as_long_as_configured()
    {
        await using var store = await StubObjectStore.Start();
        using var archive = Archive(store);
        await archive.StoreAsync(["a:1:00", "b:2:00"], CancellationToken.None);
        await archive.StoreAsync(["a:9:00"], CancellationToken.None);
        _clock.Now += TimeSpan.FromHours(1);
        await archive.StoreAsync(["a:3:00"], CancellationToken.None);

        Assert.Equal(2, store.Keys.Length);
        Assert.All(store.Keys, key => Assert.StartsWith("audit-heads/clinical/", key, StringComparison.Ordinal));
        var first = store.First(store.Keys[0]);
        Assert.Equal(("COMPLIANCE", "a:1:00\nb:2:00"), (first.LockMode, first.Text));
        var retained = DateTimeOffset.Parse(first.RetainUntil!, CultureInfo.InvariantCulture) - _clock.GetUtcNow();
        Assert.InRange(retained.TotalDays, 3649, 3650);
        Assert.Equal(["a:1:00", "a:3:00", "b:2:00"], (await archive.ReadAsync(CancellationToken.None)).Heads.Order());
    }

    [Fact]
    public async Task Heads_that_were_overwritten_or_deleted_are_read_nevertheless()
    {
        await using var store = await StubObjectStore.Start();
        using var archive = Archive(store);
        await archive.StoreAsync(["a:7:00"], CancellationToken.None);
        store.Overwrite(store.Keys[0], "a:4:00");
        store.Overwrite(store.Keys[0], null);

        Assert.Equal(["a:4:00", "a:7:00"], (await archive.ReadAsync(CancellationToken.None)).Heads.Order());
    }

    [Fact]
    public async Task Of_earlier_months_the_first_heads_are_read()
    {
        await using var store = await StubObjectStore.Start();
        using var archive = Archive(store);
        await archive.StoreAsync(["a:1:00"], CancellationToken.None);
        _clock.Now += TimeSpan.FromHours(1);
        await archive.StoreAsync(["a:2:00"], CancellationToken.None);
        _clock.Now += TimeSpan.FromDays(40);
        await archive.StoreAsync(["a:3:00"], CancellationToken.None);

        Assert.Equal(["a:1:00", "a:3:00"], (await archive.ReadAsync(CancellationToken.None)).Heads.Order());
    }

    /// <summary>Whoever has the archive's login can add objects, which are locked by nobody.</summary>
    [Fact]
    public async Task Objects_with_keys_of_no_hour_hide_nothing_and_are_named()
    {
        await using var store = await StubObjectStore.Start();
        using var archive = Archive(store);
        await archive.StoreAsync(["a:1:00"], CancellationToken.None);
        string[] foreign = [$"audit-heads/clinical/{_clock.Now:yyyy-MM}-00", $"audit-heads/clinical/{_clock.Now:yyyy-MM}-00T00"];
        foreach (var key in foreign) store.Add(key, "a:0:00");
        _clock.Now += TimeSpan.FromDays(40);

        var archived = await archive.ReadAsync(CancellationToken.None);

        Assert.Equal(["a:1:00"], archived.Heads.Order());
        Assert.Equal(foreign, archived.ForeignKeys.Order());
    }

    [Fact]
    public async Task Without_a_store_nothing_is_stored_or_read()
    {
        using var archive = new AuditHeadArchive(Options.Create(new AuditArchiveOptions()), "clinical", _clock);
        await archive.StoreAsync(["a:1:00"], CancellationToken.None);

        Assert.False(archive.IsConfigured);
        Assert.Empty((await archive.ReadAsync(CancellationToken.None)).Heads);
    }

    private AuditHeadArchive Archive(StubObjectStore store) => new(Options.Create(store.Options), "clinical", _clock);
}
