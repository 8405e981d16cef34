"""What Tryton cannot keep of the inventory's promises, in the words that callers read."""

HOLDS = "Tryton holds stock only for its own confirmed orders, by assigning their shipments."

CAVEATS = (
    f"{HOLDS} inventory_reserve is refused, inventory_release too where an order holds.",
    "Reserved is what shipments have assigned; a confirmed order not yet assigned holds nothing.",
    "On hand is what lies in a warehouse's storage zone; input and output zones do not count.",
    "Goods in places below a storage zone are on hand but are moved and counted in Tryton itself.",
    "Products without a code, services and inactive products are not shown.",
    "The reorder point is the order point of the warehouse asked for, else the sum over all.",
    "The reorder quantity is the target of the order point less its minimum.",
    "A movement has a day and no hour; those of one day come in the order Tryton made them.",
    "The reason of an adjustment is found among the newest 1,000 counts.",
    "Goods are received only for a confirmed purchase in Tryton, by its number or reference.",
    "A purchase in another unit than the item's is received in Tryton itself.",
    "A broken adjustment may leave an open count in Tryton, which changes nothing.",
    "Two adjustments of one item in one warehouse at the same moment may both be refused.",
    "An adjustment and an assignment at the same moment may leave less on hand than is reserved.",
    "What falls to the reorder point through Tryton's own users is not announced.",
    "An expired lot that is named moves between storage zones only.",
    "A preview is checked just before the change, not with it.",
)
