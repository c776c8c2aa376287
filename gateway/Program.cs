using MedCor.Gateway.Surfaces;
using MedCor.Gateway.Tools;
using MedCor.ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddMedCorDefaults();
builder.Services.AddHttpForwarder();
builder.Services.AddSingleton<Door>();

var app = builder.Build();
app.UseLabels();
app.UseMedCorDefaults();
app.MapInvoke();
app.MapAccounts();

await app.RunAsync();
