using MedCor.Platform.Retention;
using MedCor.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedCor.Tests.Unit.Platform;

public class RetentionServiceTests
{
    [Fact]
    public async Task Expired_rows_are_deleted_until_no_table_can_have_any_left()
    {
        var tables = new TwoTables(first: 12_000, second: 100);
        await using var services = new ServiceCollection().AddScoped<TenantContext>().AddSingleton<IRetentionPolicy>(tables).BuildServiceProvider();
        using var retention = new RetentionService(
            services.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System, NullLogger<RetentionService>.Instance);

        await retention.DeleteExpiredAsync(CancellationToken.None);

        Assert.Equal((0, 0), tables.Left);
    }

    /// <summary>A policy of two tables with expired rows.</summary>
    private sealed class TwoTables(int first, int second) : IRetentionPolicy
    {
        public (int First, int Second) Left { get; private set; } = (first, second);

        public Task<int> DeleteExpiredAsync(DateTimeOffset now, int maxCount, CancellationToken ct)
        {
            var deleted = (First: Math.Min(Left.First, maxCount), Second: Math.Min(Left.Second, maxCount));
            Left = (Left.First - deleted.First, Left.Second - deleted.Second);
            return Task.FromResult(deleted.First + deleted.Second);
        }
    }
}
