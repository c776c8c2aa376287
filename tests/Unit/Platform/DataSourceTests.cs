using MedCor.Platform;
using Npgsql;

namespace MedCor.Tests.Unit.Platform;

public sealed class DataSourceTests
{
    [Theory]
    [InlineData("Host=a;Username=medcor_chat", false, 40)]
    [InlineData("Host=a;Username=medcor_chat;Maximum Pool Size=10", false, 10)]
    [InlineData("Host=a;Username=medcor_chat;Maximum Pool Size=10", true, 1)]
    public void A_service_has_as_many_connections_as_its_connection_string_says(string given, bool isForCheck, int most)
    {
        var connection = new NpgsqlConnectionStringBuilder(PlatformService.BuildConnectionString(given, "chat", isForCheck));

        Assert.Equal(most, connection.MaxPoolSize);
    }
}
