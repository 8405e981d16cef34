"""Every setting, read from the environment (prefix SWITCHGEAR_) or a .env file."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Backend = Literal["sql", "tryton"]


class Settings(BaseSettings):
    """What an operator can set; docs/settings.md is generated from here."""

    model_config = SettingsConfigDict(
        env_prefix="SWITCHGEAR_", env_file=".env", extra="ignore", frozen=True
    )

    data: Path = Field(
        default=Path(".switchgear"), description="The data directory: databases, files, broker."
    )
    host: str = Field(default="127.0.0.1", description="Address that HTTP servers listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port of the suite; 0 takes any.")
    public_url: str | None = Field(
        default=None, description="URL that clients reach the suite by, where a proxy is before it."
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(), description="Host headers accepted beside loopback and the public URL's."
    )
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL, as postgresql://…; SQLite files in `data` without."
    )
    crm_backend: Backend = Field(default="sql", description="The system behind the CRM's tools.")
    inventory_backend: Backend = Field(
        default="sql", description="The system behind the inventory's tools."
    )
    erp_backend: Backend = Field(default="sql", description="The system behind the ERP's tools.")
    tryton_url: str | None = Field(
        default=None, description="Tryton with its database, as http://127.0.0.1:8000/erp."
    )
    tryton_user: str | None = Field(default=None, description="Tryton's user, for changes.")
    tryton_password: SecretStr | None = Field(default=None, description="That user's password.")
    tryton_key: SecretStr | None = Field(
        default=None, description="Key of Tryton's user application `rest`, for reads."
    )
    tryton_company: int = Field(
        default=1, ge=1, description="Id of the company in Tryton that every call is for."
    )
    nats_url: str | None = Field(
        default=None, description="An outside NATS (2.14 or newer); a child on loopback without."
    )
    nats_nkey_seed_file: Path | None = Field(
        default=None, description="File with the nkey seed for the outside NATS."
    )
    nats_server_binary: Path | None = Field(
        default=None, description="nats-server to embed instead of the packaged one."
    )
    nats_replicas: int = Field(
        default=1, ge=1, le=5, description="Copies of every stream in a NATS cluster."
    )
    delivery_attempts: int = Field(
        default=6, ge=1, le=50, description="Deliveries of an event before it is a dead letter."
    )
    delivery_delay_s: float = Field(
        default=1.0, gt=0, le=60, description="First delayed retry; each next is four times that."
    )
    delivery_longest_delay_s: float = Field(
        default=900.0, gt=0, le=86_400, description="Longest wait before a delayed retry."
    )
    delivery_ack_wait_s: float = Field(
        default=30.0, ge=1, le=600, description="Silence after which an event is delivered again."
    )
    call_timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="Most time one tool call may take."
    )
    attempt_timeout_s: float = Field(
        default=10.0, gt=0, le=600, description="Most time one attempt at a backend may take."
    )
    retry_attempts: int = Field(
        default=3, ge=1, le=10, description="Attempts at a backend for calls that may be repeated."
    )
    bulkhead_slots: int = Field(
        default=16, ge=1, le=1000, description="Calls a backend works on at once."
    )
    bulkhead_queue: int = Field(
        default=64, ge=0, le=10_000, description="Calls that may wait for a slot."
    )
    bulkhead_slots_per_agent: int = Field(
        default=8, ge=1, le=1000, description="Slots of a backend that one agent may hold at once."
    )
    breaker_failure_ratio: float = Field(
        default=0.5, gt=0, le=1, description="Share of failed calls that opens a circuit."
    )
    breaker_slow_ratio: float = Field(
        default=0.8, gt=0, le=1, description="Share of slow calls that opens a circuit."
    )
    breaker_slow_call_s: float = Field(
        default=5.0, gt=0, le=600, description="From here on a call counts as slow."
    )
    breaker_window_s: float = Field(
        default=30.0, ge=1, le=3600, description="Seconds that those shares are counted over."
    )
    breaker_minimum_throughput: int = Field(
        default=10, ge=1, description="Calls in the window before a circuit can open."
    )
    breaker_break_duration_s: float = Field(
        default=5.0, gt=0, le=3600, description="First break; each next in a row is twice that."
    )
    breaker_longest_break_s: float = Field(
        default=60.0, gt=0, le=86_400, description="Longest break."
    )
    settle_s: float = Field(
        default=20.0,
        ge=0,
        le=3600,
        description="Age at which an unanswered change is over in a system outside, so that what "
        "was looked up and not found is sent again; at least 1.5 attempt timeouts.",
    )
    rate_limit: str = Field(
        default="600/minute", description="Calls per agent and server, as `limits` writes it."
    )
    fallback_answers: int = Field(
        default=2000, ge=0, description="Last good answers kept for each server."
    )
    fallback_max_age_s: float = Field(
        default=300.0, ge=0, description="Oldest last good answer served when a backend is down."
    )
    idempotency_days: int = Field(
        default=30, ge=1, le=3650, description="Days a write's outcome is kept for its key."
    )
    approval_hours: int = Field(
        default=72, ge=1, le=8760, description="Hours after which an undecided approval expires."
    )
    taint_minutes: int = Field(
        default=60,
        ge=0,
        le=10_080,
        description="Minutes for which who read strangers' text counts as tainted; 0 for never.",
    )
    approval_limit: int = Field(
        default=1000,
        ge=0,
        description="From this gross amount on, in whole units of the company's currency, invoices "
        "are posted and purchases confirmed only with approval.",
    )
    reorder: bool = Field(
        default=False,
        description="Whether stock that falls to its reorder point starts the process `reorder`.",
    )
    match_price_ratio: Decimal = Field(
        default=Decimal("0.01"),
        ge=0,
        le=1,
        description="Share of the ordered price that a vendor's invoice may be off it.",
    )
    match_quantity_ratio: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=1,
        description="Share that it may bill over what was ordered or received.",
    )
    match_total: Decimal = Field(
        default=Decimal(50),
        ge=0,
        max_digits=18,
        decimal_places=2,
        description="Most that its lines may be off the order, in the company's currency.",
    )
    new_customer_credit: Decimal = Field(
        default=Decimal(1000),
        ge=0,
        max_digits=11,
        decimal_places=2,
        description="Credit limit of a new customer in our own tables, in the company's currency.",
    )
    policies: Path | None = Field(
        default=None, description="Folder of Cedar policies used instead of the shipped set."
    )
    token_ttl_s: int = Field(
        default=3600, ge=60, le=86_400, description="Lifetime of access tokens."
    )
    token: SecretStr | None = Field(
        default=None, description="Credential of the agent behind a stdio server."
    )
    stdio_role: str = Field(
        default="assistant", description="Role of a stdio caller that shows no credential."
    )
    document_max_bytes: int = Field(
        default=25 * 1024 * 1024, ge=1024, description="Largest document the intake takes."
    )
    document_max_pages: int = Field(
        default=500, ge=1, description="Most pages of a document that are read."
    )
    document_timeout_s: float = Field(
        default=20.0, gt=0, description="CPU time and wall time for reading one document."
    )
    document_memory_mb: int = Field(
        default=1024, ge=512, description="Memory for the process that reads documents."
    )
    document_ocr_timeout_s: float = Field(
        default=120.0, gt=0, description="CPU time and wall time for each engine on a scan."
    )
    document_ocr_memory_mb: int = Field(
        default=4096, ge=512, description="Address space for a process with an OCR engine."
    )
    document_ocr_max_pages: int = Field(
        default=20, ge=1, description="Most scanned pages of a document that are read."
    )
    document_ocr_max_pixels: int = Field(
        default=100_000_000, ge=10_000, description="Largest page of an image file, in pixels."
    )
    document_templates: Path | None = Field(
        default=None, description="Folder of YAML templates that teach single suppliers' pages."
    )
    document_examples: Path | None = Field(
        default=None, description="Folder of filed documents kept as examples for training."
    )
    intake_folder: Path | None = Field(
        default=None, description="Folder whose files are handed in as documents; none without."
    )
    intake_party: str = Field(
        default="clerk", description="Party that is said to have handed in what lies there."
    )
    intake_settle_s: float = Field(
        default=2.0, ge=0, le=3600, description="Seconds a file there must stay as it is first."
    )
    document_models: Path | None = Field(
        default=None, description="TOML file of language models that may be asked; none without."
    )
    review_hours: float = Field(
        default=24.0, gt=0, le=8760, description="Hours within which a review is to be decided."
    )
    review_hours_by_type: dict[str, Annotated[float, Field(gt=0, le=8760)]] = Field(
        default={}, description='Other hours for single document types, as {"invoice": 4}.'
    )
    review_escalations: int = Field(
        default=2, ge=0, le=10, description="Times that an overdue review is escalated."
    )
    review_claim_minutes: float = Field(
        default=30.0, gt=0, le=10_080, description="Minutes that a claimed review stays claimed."
    )
    document_retention: dict[str, str | Annotated[int, Field(ge=1, le=73_000)]] = Field(
        default={},
        description="How long documents of single types are kept once filed or rejected, as "
        '{"invoice": "P10Y", "email": 90}: ISO 8601, or days. Other types are kept for ever.',
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line written."
    )
    otlp_endpoint: str | None = Field(
        default=None, description="OTLP/HTTP endpoint that spans are exported to; none without."
    )
    direct_tools: int = Field(
        default=128, ge=0, description="Most tools the registry lists directly; above, search only."
    )

    @property
    def database_dsn(self) -> str | None:
        """The PostgreSQL URL in clear, for the driver only."""
        return self.database_url.get_secret_value() if self.database_url else None
