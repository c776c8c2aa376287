using MedCor.Identity.Authorization;
using MedCor.Identity.Federation;

namespace MedCor.Tests.Services.Identity.Federation;

public sealed class ProviderMetadataTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task A_description_is_read_again_after_an_hour_or_for_an_unknown_key_after_a_minute()
    {
        await using var provider = await ForgedProvider.Start();
        using var http = new PublicHttp(allowsLoopback: true, TimeProvider.System);
        using var metadata = new ProviderMetadata(http, _clock);
        var first = await metadata.GetAsync(provider.Issuer, CancellationToken.None);

        Assert.Same(first, await metadata.GetAsync(provider.Issuer, CancellationToken.None));
        Assert.Null(await metadata.RefreshAsync(provider.Issuer, first, CancellationToken.None));
        _clock.Now += TimeSpan.FromMinutes(1);
        var second = await metadata.RefreshAsync(provider.Issuer, first, CancellationToken.None);
        Assert.NotNull(second);
        Assert.Same(second, await metadata.RefreshAsync(provider.Issuer, first, CancellationToken.None));
        _clock.Now += ProviderMetadata.Lifetime;
        Assert.NotSame(second, await metadata.GetAsync(provider.Issuer, CancellationToken.None));
    }

    [Fact]
    public async Task Outside_Development_no_provider_on_this_machine_is_asked()
    {
        await using var provider = await ForgedProvider.Start();
        using var http = new PublicHttp(allowsLoopback: false, TimeProvider.System);
        using var metadata = new ProviderMetadata(http, _clock);

        await Assert.ThrowsAsync<ProviderFailure>(() => metadata.GetAsync(provider.Issuer, CancellationToken.None));
        await Assert.ThrowsAsync<ProviderFailure>(() => metadata.GetAsync("https://localhost", CancellationToken.None));
    }
}
