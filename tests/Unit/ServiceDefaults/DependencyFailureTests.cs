using MedCor.ServiceDefaults.Errors;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace MedCor.Tests.Unit.ServiceDefaults;

public sealed class DependencyFailureTests
{
    [Theory]
    [InlineData("08P01", "query_wait_timeout")]
    [InlineData("08P01", "server login has been failing, cached error: connect failed")]
    [InlineData("57P01", "terminating connection due to administrator command")]
    [InlineData("53300", "sorry, too many clients already")]
    public void Errors_of_an_unavailable_pooler_or_server_are_transient(string code, string message) =>
        Assert.True(DependencyFailure.IsCauseOf(new DbUpdateException("Not saved.", new PostgresException(message, "FATAL", "FATAL", code))));

    [Fact]
    public void A_statement_that_the_database_refuses_is_a_fault() =>
        Assert.False(DependencyFailure.IsCauseOf(new PostgresException("duplicate key value violates unique constraint", "ERROR", "ERROR",
            PostgresErrorCodes.UniqueViolation)));
}
